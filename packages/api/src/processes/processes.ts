import { microsOfNumber, microsOfText } from '../evidence/times.ts'
import type { Process } from './rules.ts'

/** What a row tells of a process, by the many names that sources have for it. */
export interface Told extends Process {
  name: string | undefined
  command: string | undefined
  exe: string | undefined
  user: string | undefined
  hash: string | undefined
  /** Its start as it was sent. */
  startText: string | undefined
  /** Its ancestors as the source itself tells them. */
  chain: string | undefined
}

/** Names in small letters, best first; a dot leads into an object. */
const listed = {
  pid: ['pid', 'processid', 'process id', 'id'],
  ppid: ['ppid', 'parentprocessid', 'parentpid', 'parent_pid', 'parentid'],
  name: ['name', 'processname', 'imagename', 'comm'],
  command: ['commandline', 'cmdline', 'command', 'cmd'],
  exe: ['exe', 'executablepath', 'path', 'image', 'filename'],
  user: ['username', 'user', 'owner', 'tokeninfo.username'],
  start: ['createtime', 'starttime', 'creationdate', 'created', 'starttimestamp', 'timestamp'],
  hash: ['hash.sha256', 'hash.sha1', 'hash.md5', 'sha256', 'hash'],
  chain: ['callchain', 'parentchain'],
  guid: ['processguid'],
  parentGuid: ['parentprocessguid'],
}

/** A new process in Security 4688: `ProcessId` is its creator's. */
const created = {
  pid: ['newprocessid'],
  ppid: ['processid'],
  name: ['newprocessname'],
  command: ['commandline'],
  exe: ['newprocessname'],
  user: ['targetusername', 'subjectusername'],
  hash: [] as string[],
  chain: [] as string[],
  guid: [] as string[],
  parentGuid: [] as string[],
}

/** Sysmon 1. */
const sysmon = {
  ...created,
  pid: ['processid'],
  ppid: ['parentprocessid'],
  name: ['image'],
  exe: ['image'],
  user: ['user'],
  hash: ['hashes'],
  guid: ['processguid'],
  parentGuid: ['parentprocessguid'],
}

export type Kind = 'list' | 'events'

const lower = (path: string[]) => path.map((key) => key.toLowerCase())

/** Whether a source tells processes, by the paths of its fields: as a list, or as events of their creation. */
export function kindOf(paths: string[][]): Kind | undefined {
  const known = paths.map(lower)
  const data = new Set(known.filter(([first]) => first === 'eventdata').map(([, second]) => second))
  if (data.has('newprocessid') || data.has('parentprocessid')) return 'events'
  const names = new Set(known.map(([first]) => first))
  const has = (all: string[]) => all.some((name) => names.has(name))
  const isNamed = has(['name', ...listed.command, 'exe', 'image', 'executablepath'])
  return has(['pid', 'processid']) && has(listed.ppid) && isNamed ? 'list' : undefined
}

/** A process of a row; undefined where it tells none. */
export function processOf(row: unknown, kind: Kind): Told | undefined {
  const top = keysOf(row)
  if (!top) return undefined
  if (kind === 'list') return told(top, listed, textOf(pick(top, listed.start)))
  const event = eventOf(top)
  if (!event) return undefined
  const { data, id, time } = event
  if (id === 4688) return told(data, created, time)
  if (id === 1 && (event.isSysmon || data.has('parentprocessid')))
    return told(data, sysmon, textOf(pick(data, ['utctime'])) ?? time)
  return undefined
}

/** The process that any other row speaks of, such as a connection's, with the time at which it does. */
export function processNamedBy(row: unknown): Pick<Told, 'pid' | 'start'> | undefined {
  const started = processOf(row, 'events')
  if (started) return started
  const top = keysOf(row)
  const event = top && eventOf(top)
  if (!event) return processOf(row, 'list')
  const time = textOf(pick(event.data, ['utctime'])) ?? event.time
  return { pid: pidOf(pick(event.data, ['processid', 'pid'])), start: time === undefined ? undefined : microsOf(time) }
}

function eventOf(top: Keys) {
  const data = keysOf(top.get('eventdata'))
  if (!data) return undefined
  const channel = textOf(pick(top, ['channel', 'system.channel'])) ?? ''
  return {
    data,
    id: Number(textOf(pick(top, ['eventid', 'system.eventid.value', 'system.eventid', 'eid']))),
    isSysmon: /sysmon/i.test(channel),
    time: textOf(pick(top, ['timecreated', 'system.timecreated.systemtime', 'timestamp'])),
  }
}

type Keys = Map<string, unknown>

/** Members by their names in small letters; of several the first. */
function keysOf(value: unknown): Keys | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const keys: Keys = new Map()
  for (const [key, member] of Object.entries(value))
    if (!keys.has(key.toLowerCase())) keys.set(key.toLowerCase(), member)
  return keys
}

function pick(keys: Keys, names: string[]): unknown {
  for (const name of names) {
    let value: unknown = keys.get(name)
    if (value === undefined && name.includes('.')) {
      const [first, ...rest] = name.split('.')
      const inner = keysOf(keys.get(first!))
      value = inner && pick(inner, [rest.join('.')])
    }
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

const longest = 400

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(' -> ') || undefined : undefined
}

/** The start of a text; the row has the whole. */
function cut(text: string | undefined) {
  if (text === undefined || text.length <= longest) return text
  return `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…`
}

/** A process number: decimal, or hexadecimal as event logs write it. */
export function pidOf(value: unknown): number | undefined {
  const text = textOf(value)?.trim()
  if (text === undefined || !/^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text)) return undefined
  return Number(text)
}

type Names = Omit<typeof listed, 'start'>

function told(keys: Keys, names: Names, startText: string | undefined): Told | undefined {
  const text = (which: keyof Names) => textOf(pick(keys, names[which]))
  const pid = pidOf(pick(keys, names.pid))
  const [exe, name] = [text('exe'), text('name')]
  const short = (name ?? exe)?.split(/[\\/]/).at(-1)
  if (pid === undefined && short === undefined) return undefined
  return {
    pid,
    ppid: pidOf(pick(keys, names.ppid)),
    start: startText === undefined ? undefined : microsOf(startText),
    guid: text('guid'),
    parentGuid: text('parentGuid'),
    name: cut(short),
    command: cut(text('command')),
    exe: cut(exe),
    user: cut(text('user')),
    hash: cut(text('hash')),
    startText: cut(startText),
    chain: cut(text('chain')),
  }
}

const microsOf = (text: string) =>
  microsOfText(text) ?? (/^\d+(\.\d+)?$/.test(text) ? microsOfNumber(Number(text)) : undefined)
