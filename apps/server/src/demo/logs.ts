import { outside } from './fleet.ts'
import { hashesOf } from './random.ts'
import { base, iso, nameOf, recent, type Making, type Process, type Row } from './windows.ts'

interface Event {
  at: number
  id: number
  channel: string
  provider: string
  data: Row
  message: string
}

/** One row of Windows.EventLogs.Evtx. */
export const eventRow = ({ host }: Making, record: number, event: Event): Row => ({
  System: {
    Provider: { Name: event.provider },
    EventID: { Value: event.id },
    Level: event.id === 4625 ? 2 : 4,
    // Beyond 2^53: what JavaScript's own numbers would round.
    Keywords: rawNumber('9232379236109516800'),
    TimeCreated: { SystemTime: event.at / 1000 },
    EventRecordID: record,
    Channel: event.channel,
    Computer: host.fqdn,
  },
  EventData: event.data,
  Message: event.message,
  TimeCreated: iso(event.at),
  Channel: event.channel,
  EventRecordID: record,
  EventID: event.id,
  OSPath: `C:\\Windows\\System32\\winevt\\Logs\\${event.channel.replaceAll('/', '%4')}.evtx`,
})

/** A number that is written as it stands. */
const rawNumber = (text: string) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)

interface Logon {
  at: number
  user: string
  from: string
  type: number
  failed?: boolean
}

export const logon = ({ host }: Making, { at, user, from, type, failed = false }: Logon): Event => ({
  at,
  id: failed ? 4625 : 4624,
  channel: 'Security',
  provider: 'Microsoft-Windows-Security-Auditing',
  data: {
    TargetUserName: user,
    TargetDomainName: host.tenant.netbios,
    LogonType: type,
    IpAddress: from,
    WorkstationName: host.name.toUpperCase(),
    ...(failed && { Status: '0xc000006d', SubStatus: '0xc000006a' }),
  },
  message: failed ? 'An account failed to log on.' : 'An account was successfully logged on.',
})

export interface Start {
  at: number
  pid: number
  ppid: number
  path: string
  commandLine: string
  parent: string
  user: string
}

const sysmon = { channel: 'Microsoft-Windows-Sysmon/Operational', provider: 'Microsoft-Windows-Sysmon' }

export function processStart({ at, pid, ppid, path, commandLine, parent, user }: Start): Event {
  const { SHA1, MD5, SHA256 } = hashesOf(path)
  return {
    ...sysmon,
    at,
    id: 1,
    data: {
      UtcTime: iso(at),
      ProcessId: pid,
      Image: path,
      CommandLine: commandLine,
      User: user,
      Hashes: `SHA1=${SHA1.toUpperCase()},MD5=${MD5.toUpperCase()},SHA256=${SHA256.toUpperCase()}`,
      ParentProcessId: ppid,
      ParentImage: parent,
    },
    message: `Process Create: ${commandLine}`,
  }
}

export const connection = (
  { host }: Making,
  at: number,
  process: Pick<Process, 'pid' | 'path'>,
  to: string,
): Event => ({
  ...sysmon,
  at,
  id: 3,
  data: {
    UtcTime: iso(at),
    ProcessId: process.pid,
    Image: process.path,
    Protocol: 'tcp',
    SourceIp: host.ip,
    DestinationIp: to,
    DestinationPort: 443,
  },
  message: `Network connection detected: ${base(process.path)} to ${to}`,
})

export const lookUp = (at: number, process: Pick<Process, 'pid' | 'path'>, name: string, ip: string): Event => ({
  ...sysmon,
  at,
  id: 22,
  data: { UtcTime: iso(at), ProcessId: process.pid, Image: process.path, QueryName: name, QueryResults: ip },
  message: `Dns query: ${name}`,
})

export const securityEvents = (making: Making): Event[] =>
  Array.from({ length: 330 }, () => {
    const { host, random } = making
    const user = random.chance(0.5) ? host.user : random.pick(['SYSTEM', 'svc_monitor', `${host.name}$`])
    const type = random.pick([2, 3, 3, 5, 7])
    return logon(making, { at: recent(making), user, from: host.ip, type, failed: random.chance(0.02) })
  })

export const sysmonEvents = (making: Making, processes: Process[]): Event[] =>
  Array.from({ length: 380 }, (): Event => {
    const { random } = making
    const process = random.pick(processes)
    const at = recent(making)
    const to = random.pick(outside)
    const kind = random.whole(0, 2)
    if (kind === 0) return connection(making, at, process, to.ip)
    if (kind === 1) return lookUp(at, process, to.name, to.ip)
    const parent = processes.find(({ pid }) => pid === process.ppid)?.path ?? 'C:\\Windows\\System32\\userinit.exe'
    return processStart({ ...process, at, parent, user: nameOf(making) })
  })

/** Events in the order of time, numbered as a log does. */
export const asLog = (making: Making, events: Event[], firstRecord: number): Row[] =>
  events.toSorted((a, b) => a.at - b.at).map((event, i) => eventRow(making, firstRecord + i, event))

export type { Event }
