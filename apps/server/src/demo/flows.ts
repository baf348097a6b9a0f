import type { Host, TenantName } from './fleet.ts'
import { plantedOnLinux, plantedOnWindows } from './intrusion.ts'
import * as linux from './linux.ts'
import * as logs from './logs.ts'
import { hex, type Random } from './random.ts'
import * as win from './windows.ts'
import type { Making, Row } from './windows.ts'

export type Results = [artifact: string, rows: Row[]][]

/** Places the intruder's rows among the others, as a listing without order would. */
function mixed(random: Random, rows: Row[], planted: Row[] = []): Row[] {
  const all = [...rows]
  for (const row of planted) all.splice(random.whole(0, all.length), 0, row)
  return all
}

/** What one host answers: a quick hunt (processes, sockets, names) and a thorough triage. */
export function resultsOf(making: Making): { hunt: Results; triage: Results } {
  return making.host.os === 'windows' ? windowsResults(making) : linuxResults(making)
}

function windowsResults(making: Making) {
  const { random } = making
  const planted = plantedOnWindows(making)
  const processes = win.processesOf(making)
  const all = [...processes, ...planted.processes].toSorted((a, b) => a.pid - b.pid)
  const hunt: Results = [
    ['Windows.System.Pslist', win.pslist(all)],
    ['Windows.Network.Netstat', mixed(random, win.netstat(making, processes), planted.sockets)],
    ['Windows.System.DNSCache', mixed(random, win.dnsCache(making), planted.names)],
  ]
  const security = [...logs.securityEvents(making), ...planted.security]
  const triage: Results = [
    ['Windows.System.Services', mixed(random, win.servicesOf(making), planted.services)],
    ['Windows.System.TaskScheduler/Analysis', mixed(random, win.tasks(making), planted.tasks)],
    ['Windows.Forensics.Prefetch', mixed(random, win.prefetch(making), planted.prefetch)],
    ['Windows.EventLogs.Evtx', logs.asLog(making, security, random.whole(10_000, 900_000))],
    ['Custom.Windows.Sysmon', logs.asLog(making, [...logs.sysmonEvents(making, processes), ...planted.sysmon], 40_001)],
    ['Windows.NTFS.MFT', mixed(random, win.fileTable(making), planted.files)],
  ]
  return { hunt, triage }
}

function linuxResults(making: Making) {
  const planted = plantedOnLinux(making)
  const source = (name: string, rows: Row[]): Results[number] => [name, mixed(making.random, rows, planted[name])]
  const hunt: Results = [
    source('Linux.Sys.Pslist', linux.pslist(making)),
    source('Linux.Network.Netstat/TCP4', linux.netstat(making)),
  ]
  const triage: Results = [
    source('Linux.Sys.Users', linux.users(making)),
    source('Linux.Sys.Crontab/CronTabs', linux.crontab()),
    source('Linux.Ssh.AuthorizedKeys', linux.authorizedKeys(making)),
    source('Linux.Sys.BashHistory', linux.history(making)),
    source('Linux.Syslog.SSHLogin', linux.logins(making)),
    source('Linux.Search.FileFinder', []),
  ]
  return { hunt, triage: triage.filter(([, rows]) => rows.length > 0) }
}

export interface DemoFlow {
  tenant: TenantName
  host: string
  rows: number
  /** Request bodies of the Feed protocol, in the order of sending. */
  bodies: string[]
}

interface Sending {
  host: Host
  random: Random
  /** When it ran, in milliseconds. */
  ran: number
  results: Results
  hunt?: { id: string; description: string } | undefined
  creator: string
}

const batchRows = 1000

/** Velociraptor escapes these three in stored rows. */
const line = (value: unknown) =>
  `${JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026')}\n`

/** A flow as the Feed sends it: introduction, batches, end. */
export function flowOf({ host, random, ran, results, hunt, creator }: Sending): DemoFlow {
  const flowId = hunt ? `${hunt.id.replace('H.', 'F.')}.H` : `F.${hex(`${host.name} ${ran}`, 13).toUpperCase()}`
  const who = {
    version: 1,
    org_id: host.tenant.orgId,
    org_name: host.tenant.name,
    client_id: host.clientId,
    flow_id: flowId,
    hunt_id: hunt?.id ?? '',
  }
  const rows = results.reduce((sum, [, part]) => sum + part.length, 0)
  const record = { host, ran, flowId, rows, creator, results, took: random.whole(2, 90) }
  const intro = line({ kind: 'client', ...who, record: clientRecord(host, ran) })
  const hunted = hunt ? line({ kind: 'hunt', ...who, record: huntRecord(hunt, ran, creator, results) }) : ''
  const batches = results.flatMap(([artifact, part]) =>
    Array.from({ length: Math.ceil(part.length / batchRows) }, (_, i) => {
      const slice = part.slice(i * batchRows, (i + 1) * batchRows)
      const envelope = { kind: 'batch', ...who, artifact, start_row: i * batchRows, rows: slice.length }
      return line(envelope) + slice.map(line).join('')
    }),
  )
  const artifacts = results.map(([artifact, part]) => ({ artifact, rows: part.length }))
  const end = line({ kind: 'flow_end', ...who, rows, artifacts })
  const flow = line({ kind: 'flow', ...who, record: flowRecord(record) })
  return { tenant: host.tenant.name, host: host.name, rows, bodies: [intro + hunted + flow, ...batches, end] }
}

const clientRecord = (host: Host, seen: number) => ({
  client_id: host.clientId,
  agent_information: { version: '0.77.2', name: 'velociraptor' },
  os_info: { system: host.os, hostname: host.name, release: host.release, machine: 'amd64', fqdn: host.fqdn },
  first_seen_at: Math.floor(seen / 1000) - 200 * 86_400,
  last_seen_at: seen * 1000,
  last_ip: `${host.ip}:49731`,
  labels: [host.role],
})

const names = (results: Results) => [...new Set(results.map(([artifact]) => artifact.split('/')[0]!))]

const huntRecord = (hunt: { id: string; description: string }, ran: number, creator: string, results: Results) => ({
  hunt_id: hunt.id,
  create_time: (ran - 600_000) * 1000,
  creator,
  hunt_description: hunt.description,
  artifacts: names(results),
  state: 'RUNNING',
})

interface Flow {
  host: Host
  ran: number
  flowId: string
  rows: number
  creator: string
  results: Results
  took: number
}

const flowRecord = ({ host, ran, flowId, rows, creator, results, took }: Flow) => ({
  client_id: host.clientId,
  session_id: flowId,
  request: { creator, client_id: host.clientId, flow_id: flowId, artifacts: names(results), timeout: 600 },
  create_time: ran * 1000,
  start_time: ran * 1000 + 2500,
  active_time: ran * 1000 + took * 1_000_000,
  total_uploaded_files: 0,
  total_collected_rows: rows,
  execution_duration: took * 1_000_000_000,
  state: 'FINISHED',
  status: '',
  artifacts_with_results: results.map(([artifact]) => artifact),
})
