import { textOfCell, valueAt } from '../rows/cells.tsx'

/** What tells most about a row, best first; a dot parts keys. */
const telling = [
  'EventData.CommandLine',
  'EventData.ParentCommandLine',
  'EventData.ScriptBlockText',
  'EventData.ServiceName',
  'EventData.TargetFilename',
  'EventData.DestinationIp',
  'EventData.QueryName',
  'EventData.Image',
  'EventData.NewProcessName',
  'EventData.TargetUserName',
  'CommandLine',
  'Details',
  'Message',
  'OSPath',
  'FullPath',
  'Exe',
  'ExecutablePath',
  'Path',
  'url',
  'URL',
  'visited_url',
  'KeyPath',
  'Key',
  'TaskName',
  'Title',
  'DisplayName',
  'Domain',
  'FileName',
  'Name',
  'User',
  'Line',
]

const network = [
  ['Type', 'Laddr.IP', 'Laddr.Port', 'Raddr.IP', 'Raddr.Port', 'Status'],
  ['Type', 'Laddr', 'Lport', 'Raddr', 'Rport', 'Status'],
]

/** A dotted name as keys, or as one key that holds the dots. */
function at(data: unknown, name: string): string | undefined {
  const text = textOfCell(valueAt(data, [name])) ?? textOfCell(valueAt(data, name.split('.')))
  return text === '' ? undefined : text
}

function connection(data: unknown): string | undefined {
  for (const [type, laddr, lport, raddr, rport, status] of network) {
    const remote = at(data, raddr!)
    if (remote === undefined) continue
    const end = (address: string, port: string) => `${at(data, address) ?? ''}:${at(data, port) ?? ''}`
    const words = [at(data, type!), end(laddr!, lport!), end(raddr!, rport!), at(data, status!)]
    return words.filter((word) => word !== undefined && word !== ':').join(' ')
  }
  return undefined
}

const longest = 600

/** A row in one line: the value that tells most about it, with its event's number; else the row as it was sent. */
export function gistOf({ data, start }: { data?: unknown; start: string }): string {
  const event = at(data, 'EventID') ?? at(data, 'System.EventID.Value') ?? at(data, 'EID')
  const found = connection(data) ?? telling.map((name) => at(data, name)).find((text) => text !== undefined)
  if (found === undefined) return start
  const text = found.length > longest ? `${found.slice(0, longest)}…` : found
  return event === undefined ? text : `${event} ${text}`
}
