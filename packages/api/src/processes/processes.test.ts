import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../ingestion/open.ts'
import { storeGroup } from '../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../testing.ts'
import { kindOf, pidOf } from './processes.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

async function host() {
  const tenantId = await bed.tenant()
  const { id } = await bed.one<{ id: number }>(
    "insert into hosts (tenant_id, hostname) values ($1, 'ws') returning id",
    [tenantId],
  )
  return { tenantId, hostId: id, api: await bed.callerOf(tenantId, 'viewer') }
}

async function send({ tenantId, hostId }: { tenantId: number; hostId: number }, source: string, rows: object[]) {
  const at = await placeOn(bed, tenantId, hostId, source)
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  await storeGroup(ingest, at, { bytes, lines: rows.length, firstLine: 0 }, 0)
  await bed.root.query(
    'update collection_sources set rows_stored = $3 where tenant_id = $1 and collection_id = $2 and rows_stored = 0',
    [tenantId, at.collectionId, rows.length],
  )
  return { ...at, row: (n: number) => `${at.collectionId}.${at.sourceId}.${n}` }
}

const pslist = [
  { Pid: 4, Ppid: 0, Name: 'System', CreateTime: '2026-11-24T05:00:00Z' },
  { Pid: 612, Ppid: 500, Name: 'wininit.exe', CreateTime: '2026-11-24T05:00:01Z' },
  { Pid: 684, Ppid: 612, Name: 'services.exe', CreateTime: '2026-11-24T05:00:02Z' },
  {
    Pid: 884,
    Ppid: 684,
    Name: 'svchost.exe',
    CommandLine: 'C:\\Windows\\svchost.exe -k DcomLaunch',
    Username: 'SYSTEM',
    Hash: { SHA256: 'ab' },
    CreateTime: '2026-11-24T05:00:03Z',
  },
  { Pid: 500, Ppid: 4, Name: 'later.exe', CreateTime: '2026-11-24T06:00:00Z' },
]

test('makes the tree of a list, with the row’s process in focus and lost parents named', async () => {
  const at = await host()
  const { row, collectionId, sourceId } = await send(at, 'Windows.System.Pslist', pslist)
  const tree = await at.api.processes.tree({ hostId: at.hostId, row: row(3) })
  expect(tree.nodes.map(({ name, parent, gone }) => [name, parent, gone])).toEqual([
    ['System', null, 'none'],
    ['wininit.exe', null, 'reused'],
    ['services.exe', 1, undefined],
    ['svchost.exe', 2, undefined],
    ['later.exe', 0, undefined],
  ])
  expect(tree.nodes[tree.focus!]).toMatchObject({
    row: row(3),
    command: 'C:\\Windows\\svchost.exe -k DcomLaunch',
    user: 'SYSTEM',
    hash: 'ab',
    startText: '2026-11-24T05:00:03Z',
  })
  expect(tree.snapshot).toMatchObject({ collectionId, sourceId, kind: 'list', rows: 5 })
})

test('chooses among several collections, the newest first, and finds another row’s process by its number', async () => {
  const at = await host()
  const old = await send(at, 'Linux.Sys.Pslist', [
    { Pid: 1, Ppid: 0, Name: 'init', CreateTime: '2026-01-01T00:00:00Z' },
  ])
  await bed.root.query("update collection_sources set updated_at = now() - interval '1 day' where collection_id = $1", [
    old.collectionId,
  ])
  await send(at, 'Windows.System.Pslist', pslist)
  const net = await send(at, 'Windows.Network.Netstat', [{ Pid: 884, Name: 'svchost.exe', 'Raddr.IP': '203.0.113.7' }])
  const tree = await at.api.processes.tree({ hostId: at.hostId, row: net.row(0) })
  expect(tree.nodes[tree.focus!]!.pid).toBe(884)
  expect(tree.snapshots.map(({ source }) => source)).toEqual(['Windows.System.Pslist', 'Linux.Sys.Pslist'])
  const { collectionId, sourceId } = old
  const other = await at.api.processes.tree({ hostId: at.hostId, collectionId, sourceId })
  expect(other.nodes.map(({ name }) => name)).toEqual(['init'])
})

test('reads process creations of event logs over all collections, numbers in hexadecimal among them', async () => {
  const at = await host()
  const event = (id: number, time: string, data: object, channel = 'Security') => ({
    System: { EventID: { Value: id }, Channel: channel, TimeCreated: { SystemTime: Date.parse(time) / 1000 } },
    EventData: data,
    EventID: id,
    Channel: channel,
    TimeCreated: time,
  })
  const source = 'Windows.EventLogs.Evtx'
  await send(at, source, [
    event(4688, '2026-11-24T06:38:47Z', {
      NewProcessId: '0x17e8',
      ProcessId: '0x1454',
      NewProcessName: 'C:\\a\\wscript.exe',
    }),
    event(4624, '2026-11-24T06:38:48Z', { ProcessId: '0x17e8' }),
  ])
  await send(at, source, [
    event(4688, '2026-11-24T06:38:51Z', {
      NewProcessId: 7316,
      ProcessId: 6120,
      NewProcessName: 'C:\\b\\svchosts.exe',
      CommandLine: 'svchosts.exe --c2',
    }),
    event(
      1,
      '2026-11-24T06:39:00Z',
      { ProcessId: 9, ParentProcessId: 7316, Image: 'C:\\cmd.exe', UtcTime: '2026-11-24 06:39:00.123' },
      'Microsoft-Windows-Sysmon/Operational',
    ),
  ])
  const later = await send(at, source, [
    event(4688, '2026-11-24T08:00:00Z', { NewProcessId: 7316, ProcessId: 4, NewProcessName: 'C:\\c\\later.exe' }),
    event(3, '2026-11-24T07:00:00Z', { ProcessId: 7316, DestinationIp: '203.0.113.66' }, 'Sysmon'),
  ])
  const tree = await at.api.processes.tree({ hostId: at.hostId, row: later.row(1) })
  // Its number had two holders: the one that had started when the connection was made.
  expect(tree.nodes[tree.focus!]!.name).toBe('svchosts.exe')
  expect(tree.snapshot).toMatchObject({ collectionId: null, kind: 'events', rows: 6 })
  expect(tree.nodes.map(({ name, pid, parent, gone }) => [name, pid, parent, gone])).toEqual([
    ['wscript.exe', 6120, null, 'missing'],
    ['svchosts.exe', 7316, 0, undefined],
    ['cmd.exe', 9, 1, undefined],
    ['later.exe', 7316, null, 'missing'],
  ])
})

test('hostile rows make no tree fail: no object, no number, a megabyte of command line', async () => {
  const at = await host()
  const long = 'x'.repeat(1_000_000)
  await send(at, 'Custom.Pslist', [
    { Pid: 1, Ppid: 1, Name: 'self' },
    { Pid: { a: 1 }, Ppid: -5, Name: 'odd\u202Eexe', CommandLine: long },
    { Other: true },
    { Pid: 2, Ppid: 3, Name: 'a' },
    { Pid: 3, Ppid: 2, Name: 'b' },
  ])
  const { nodes, told } = await at.api.processes.tree({ hostId: at.hostId })
  expect(told).toBe(5)
  expect(nodes.map(({ name, gone }) => [name, gone])).toEqual([
    ['self', 'none'],
    ['odd\u202Eexe', 'none'],
    ['a', 'loop'],
    ['b', undefined],
  ])
  expect(nodes[1]!.command).toHaveLength(401)
})

test('another tenant’s host and row are not found', async () => {
  const at = await host()
  const { row } = await send(at, 'Windows.System.Pslist', pslist)
  const stranger = await host()
  await expect(stranger.api.processes.tree({ hostId: at.hostId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(stranger.api.processes.snapshots({ hostId: at.hostId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await send(stranger, 'Windows.System.Pslist', pslist)
  await expect(stranger.api.processes.tree({ hostId: stranger.hostId, row: row(0) })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('knows sources that tell processes by their fields, and numbers however they are written', () => {
  expect(kindOf([['Pid'], ['Ppid'], ['Name']])).toBe('list')
  expect(kindOf([['PID'], ['ParentProcessId'], ['CommandLine']])).toBe('list')
  expect(kindOf([['EventData', 'NewProcessId']])).toBe('events')
  expect(kindOf([['Pid'], ['Name'], ['Raddr']])).toBeUndefined()
  expect([pidOf(4), pidOf('0x1F'), pidOf(' 12 '), pidOf(-1), pidOf(1.5), pidOf('x'), pidOf(null)]).toEqual([
    4,
    31,
    12,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
