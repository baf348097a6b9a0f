import { outside, type Host } from './fleet.ts'
import { hashesOf, type Random } from './random.ts'

export type Row = Record<string, unknown>
export interface Making {
  host: Host
  random: Random
  /** Milliseconds since 1970; nothing in the demo is later. */
  now: number
}

export const day = 86_400_000
export const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
export const recent = ({ random, now }: Making, days = 14) => now - Math.floor(random.next() * days * day)

const system = 'C:\\Windows\\System32\\'
const programs = [
  `${system}svchost.exe`,
  `${system}lsass.exe`,
  `${system}services.exe`,
  `${system}winlogon.exe`,
  `${system}RuntimeBroker.exe`,
  `${system}spoolsv.exe`,
  `${system}taskhostw.exe`,
  `${system}conhost.exe`,
  `${system}SearchIndexer.exe`,
  `${system}dllhost.exe`,
  'C:\\Windows\\explorer.exe',
  'C:\\Program Files\\Office\\OUTLOOK.EXE',
  'C:\\Program Files\\Office\\WINWORD.EXE',
  'C:\\Program Files\\Office\\EXCEL.EXE',
  'C:\\Program Files\\Browser\\browser.exe',
  'C:\\Program Files\\Velociraptor\\Velociraptor.exe',
  'C:\\Program Files\\Backup Agent\\agent.exe',
  'C:\\Program Files\\Meeting\\meeting.exe',
] as const

export const base = (path: string) => path.split(/[\\/]/).at(-1)!
const services: string[] = programs.filter((path) => path.startsWith(system))
const isSystem = (path: string) => path.startsWith(system)
export const nameOf = ({ host }: Making) => `${host.tenant.netbios}\\${host.user}`
const owner = (making: Making, path: string) => (isSystem(path) ? 'NT AUTHORITY\\SYSTEM' : nameOf(making))

export interface Process {
  pid: number
  ppid: number
  path: string
  commandLine: string
  username: string
  started: number
  trusted: boolean
}

/** Numbers that the tree of processes hangs from, on every host the same. */
export const pids = { smss: 388, userinit: 4080, wininit: 612, services: 684, explorer: 4120, outlook: 5204 } as const
export const outlook = 'C:\\Program Files\\Office\\OUTLOOK.EXE'
/** Of these a host has one: another would be a finding. */
const onlyOne: string[] = ['lsass', 'services', 'winlogon'].map((name) => `${system}${name}.exe`)
onlyOne.push('C:\\Windows\\explorer.exe', outlook)
const hosted = ['RuntimeBroker.exe', 'taskhostw.exe', 'dllhost.exe']
const agents = ['Velociraptor.exe', 'agent.exe']

const ownPid: Record<string, number> = {
  [`${system}wininit.exe`]: pids.wininit,
  [`${system}services.exe`]: pids.services,
  'C:\\Windows\\explorer.exe': pids.explorer,
  [outlook]: pids.outlook,
}
const taken: number[] = Object.values(pids)

/** Who starts a program on Windows; smss and userinit end once they did, and so are in no list. */
function parentOf(path: string, broker: number): number {
  const name = base(path)
  if (name === 'wininit.exe' || name === 'winlogon.exe') return pids.smss
  if (name === 'services.exe' || name === 'lsass.exe') return pids.wininit
  if (name === 'explorer.exe') return pids.userinit
  if (hosted.includes(name)) return broker
  return isSystem(path) || agents.includes(name) ? pids.services : pids.explorer
}

/** Milliseconds after the boot: a parent is there before what it starts. */
const startOf: Record<string, number> = {
  'wininit.exe': 0,
  'winlogon.exe': 1,
  'services.exe': 2,
  'lsass.exe': 3,
  'explorer.exe': 30_000,
}
const broker = 0
const wininit = programs.length

/** What runs on the host: its processes, sockets and logs name the same ones. */
export function processesOf(making: Making): Process[] {
  const { random, now } = making
  const boot = now - random.whole(3, 13) * day
  const drawn = Array.from({ length: random.whole(60, 80) }, (_, i) => {
    const picked = i < programs.length ? programs[i]! : random.pick(programs)
    const path = i === wininit ? `${system}wininit.exe` : i > wininit && onlyOne.includes(picked) ? programs[0] : picked
    const group = random.pick(['netsvcs -p', 'LocalService -p', 'NetworkService -p', 'DcomLaunch -p'])
    const pid = 400 + i * 52 + random.whole(0, 12) * 4
    const after = random.whole(5, 7_000_000)
    return {
      pid: ownPid[path] ?? (taken.includes(pid) ? pid + 4 : pid),
      path,
      commandLine: path.endsWith('svchost.exe') ? `${path} -k ${group}` : `"${path}"`,
      username: owner(making, path),
      started: boot + (i === broker ? 5 : (startOf[base(path)] ?? 30_001 + after)),
      trusted: true,
    }
  })
  return drawn.map((process) => ({ ...process, ppid: parentOf(process.path, drawn[broker]!.pid) }))
}

export const pslist = (processes: Process[]): Row[] =>
  processes.map((p) => ({
    CreateTime: iso(p.started),
    Pid: p.pid,
    Ppid: p.ppid,
    TokenIsElevated: p.username.startsWith('NT '),
    Name: base(p.path),
    CommandLine: p.commandLine,
    Exe: p.path,
    TokenInfo: { Username: p.username, IsElevated: p.username.startsWith('NT ') },
    Hash: hashesOf(p.path),
    Authenticode: {
      Filename: p.path,
      SubjectName: p.trusted ? 'C=US, O=Example Software, CN=Example Software' : '',
      Trusted: p.trusted ? 'trusted' : 'unsigned',
    },
    Username: p.username,
    WorkingSetSize: 1_048_576 * ((p.pid % 190) + 3),
  }))

export interface Socket {
  pid: number
  name: string
  remote: string
  port: number
  at: number
}

export const socketRow = ({ host, random }: Making, socket: Socket): Row => ({
  Pid: socket.pid,
  Name: socket.name,
  Family: 'IPv4',
  Type: 'TCP',
  Status: socket.port === 0 ? 'LISTEN' : 'ESTAB',
  'Laddr.IP': host.ip,
  'Laddr.Port': socket.port === 0 ? random.pick([135, 445, 3389, 5985]) : random.whole(49_152, 65_000),
  'Raddr.IP': socket.port === 0 ? '0.0.0.0' : socket.remote,
  'Raddr.Port': socket.port,
  Timestamp: iso(socket.at),
})

export const netstat = (making: Making, processes: Process[]): Row[] =>
  Array.from({ length: 45 }, (_, i) => {
    const process = making.random.pick(processes)
    const remote = making.random.pick(outside).ip
    const at = making.now - making.random.whole(1, 6_000_000)
    return socketRow(making, { pid: process.pid, name: base(process.path), remote, port: i < 8 ? 0 : 443, at })
  })

export const dnsCache = ({ random }: Making): Row[] =>
  outside.map(({ name, ip }) => dnsRow(name, ip, random.whole(30, 3600)))

export const dnsRow = (name: string, ip: string, ttl: number): Row => ({
  Name: name,
  Record: name,
  RecordType: 'A',
  TTL: ttl,
  QueryStatus: 'Success',
  SectionType: 'Answer',
  Data: ip,
})

export const serviceRow = (name: string, path: string, more: Row = {}): Row => ({
  State: 'Running',
  Name: name,
  DisplayName: name,
  Status: 'OK',
  Pid: 900,
  ExitCode: 0,
  StartMode: 'Auto',
  PathName: path,
  ServiceType: 'Own Process',
  UserAccount: 'LocalSystem',
  Created: null,
  ServiceDll: null,
  FailureCommand: null,
  AbsoluteExePath: path,
  HashServiceExe: hashesOf(path),
  ...more,
})

export const servicesOf = ({ random }: Making): Row[] =>
  Array.from({ length: 90 }, (_, i) => {
    const running = random.chance(0.6)
    return serviceRow(`Svc${String(i).padStart(3, '0')}`, services[i % services.length]!, {
      State: running ? 'Running' : 'Stopped',
      Pid: running ? random.whole(600, 6000) : 0,
      StartMode: random.pick(['Auto', 'Manual', 'Disabled']),
    })
  })

export const taskRow = (name: string, command: string, args: string, mtime: number, user: string): Row => ({
  TaskName: name,
  Mtime: iso(mtime),
  Command: command,
  Arguments: args,
  UserId: user,
  RunLevel: 'LeastPrivilege',
  ComHandler: null,
  RegistrationTime: iso(mtime),
  OSPath: `C:\\Windows\\System32\\Tasks${name}`,
})

export const tasks = (making: Making): Row[] =>
  Array.from({ length: 40 }, (_, i) =>
    taskRow(`\\Vendor\\Maintenance ${i + 1}`, programs[i % programs.length]!, '/auto', recent(making, 300), 'S-1-5-18'),
  )

export const prefetchRow = (path: string, times: number[], count: number): Row => ({
  Executable: base(path).toUpperCase(),
  FileSize: 4096 + path.length * 512,
  Hash: `0x${hashesOf(path).MD5.slice(0, 8).toUpperCase()}`,
  Version: 'Win10 (30)',
  LastRunTimes: times.map(iso),
  RunCount: count,
  ExecutablePath: path.toUpperCase().replace('C:', '\\VOLUME{demo}'),
  PrefetchFileName: `${base(path).toUpperCase()}-${hashesOf(path).MD5.slice(0, 8).toUpperCase()}.pf`,
  CreationTime: iso(times.at(-1)!),
  ModificationTime: iso(times[0]!),
})

export const prefetch = (making: Making): Row[] =>
  Array.from({ length: 90 }, (_, i) => {
    const last = recent(making, 30)
    const path = programs[i] ?? `C:\\Program Files\\Tool ${i}\\tool${i}.exe`
    return prefetchRow(path, [last, last - day, last - 3 * day], making.random.whole(3, 400))
  })

export const fileRow = (entry: number, path: string, size: number, born: number): Row => ({
  EntryNumber: entry,
  InUse: true,
  ParentEntryNumber: 5,
  OSPath: path,
  FileName: base(path),
  FileSize: size,
  IsDir: false,
  Created0x10: iso(born),
  LastModified0x10: iso(born),
  LastRecordChange0x10: iso(born),
  LastAccess0x10: iso(born),
  HasADS: false,
  SI_Lt_FN: false,
  USecZeros: false,
  Copied: false,
})

/** A slice of the file table: the last days of the user's profile, or of the shares of a file server. */
export function fileTable(making: Making): Row[] {
  const { host, random } = making
  const share = host.name.includes('-fs-')
  return Array.from({ length: share ? 2600 : 620 }, (_, i) => {
    const folder = share ? 'D:\\Shares\\Patients\\' : `C:\\Users\\${host.user}\\`
    const where = random.pick(['Documents\\', 'AppData\\Local\\Temp\\', 'Downloads\\', 'Desktop\\'])
    const name = `${random.pick(['report', 'scan', 'notes', 'letter', 'plan', 'export'])}-${i + 1}`
    const path = `${folder}${share ? '' : where}${name}.${random.pick(['docx', 'pdf', 'xlsx', 'tmp', 'png'])}`
    return fileRow(90_000 + i, path, random.whole(200, 4_000_000), recent(making, 60))
  })
}
