import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../ingestion/open.ts'
import { storeGroup } from '../ingestion/store.ts'
import { inTenant } from '../scope.ts'
import { placeOn, testBed, type TestBed } from '../testing.ts'
import { compareRows } from './compare.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database, bed.services)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const hostIn = async (tenantId: number, name: string) =>
  (
    await bed.one<{ id: number }>('insert into hosts (tenant_id, hostname) values ($1, $2) returning id', [
      tenantId,
      name,
    ])
  ).id

/** A collection with these rows of a source, as they are written. */
async function collect(tenantId: number, hostId: number, source: string, lines: string[], hunt: string | null = null) {
  const at = await placeOn(bed, tenantId, hostId, source, hunt)
  for (let first = 0; first < lines.length; first += 1000) {
    const some = lines.slice(first, first + 1000)
    await storeGroup(
      ingest,
      at,
      { bytes: Buffer.from(`${some.join('\n')}\n`), lines: some.length, firstLine: 0 },
      first,
    )
  }
  return { ...at, side: { kind: 'collection' as const, id: at.collectionId } }
}

async function twoOf(before: string[], after: string[], source = 'Custom.Things') {
  const tenantId = await bed.tenant()
  const host = await hostIn(tenantId, 'h1')
  const [one, other] = [await collect(tenantId, host, source, before), await collect(tenantId, host, source, after)]
  const api = await bed.callerOf(tenantId, 'viewer')
  return { api, tenantId, asked: { left: one.side, right: other.side, sourceId: one.sourceId } }
}

interface Thing {
  Name: string
  Path: string | null
  Size: number
  Time: string
}

/** What the comparison means, in the plainest way: count every writing of a row under its key on both sides. */
function plainly(left: Thing[], right: Thing[], key: (keyof Thing)[], ignore: string[]) {
  const keyOf = (thing: Thing) => JSON.stringify(key.map((name) => thing[name]))
  const contentOf = (thing: Thing) =>
    JSON.stringify(Object.entries(thing).filter(([name]) => !ignore.includes(name) && !key.includes(name as 'Name')))
  const counts = { added: 0, gone: 0, changed: 0, same: 0 }
  for (const one of new Set([...left, ...right].map(keyOf))) {
    const of = (side: Thing[]) => side.filter((thing) => keyOf(thing) === one).map(contentOf)
    const [lefts, rights] = [of(left), of(right)]
    const times = (side: string[], content: string) => side.filter((each) => each === content).length
    let same = 0
    for (const content of new Set(lefts)) same += Math.min(times(lefts, content), times(rights, content))
    const changed = Math.min(lefts.length, rights.length) - same
    counts.same += same
    counts.changed += changed
    counts.gone += lefts.length - same - changed
    counts.added += rights.length - same - changed
  }
  return counts
}

const thing = fc.record({
  Name: fc.constantFrom('a', 'b', 'B', '"', ''),
  Path: fc.constantFrom(null, 'a', '5'),
  Size: fc.constantFrom(5, 6),
  Time: fc.constantFrom('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'),
})
const things = fc.array(thing, { minLength: 1, maxLength: 14 })
const keys = fc.constantFrom<(keyof Thing)[]>(['Name'], ['Name', 'Path'], ['Time'])
const ignored = fc.constantFrom<string[]>(['Time'], [], ['Size', 'Time'])

test('finds what a plain comparison of all rows in memory finds', async () => {
  await fc.assert(
    fc.asyncProperty(things, things, keys, ignored, async (left, right, key, ignore) => {
      const { api, asked } = await twoOf(
        left.map((one) => JSON.stringify(one)),
        right.map((one) => JSON.stringify(one)),
      )
      const expected = plainly(left, right, key, ignore)
      const seen = { left: new Set<string>(), right: new Set<string>() }
      for (const show of ['added', 'gone', 'changed'] as const) {
        const rows: Awaited<ReturnType<typeof api.compare.rows>>['rows'] = []
        for (let offset = 0; ; offset += 5) {
          const page = await api.compare.rows({ ...asked, key, ignore, show, limit: 5, offset })
          expect(page.counts).toMatchObject(expected)
          rows.push(...page.rows)
          if (page.rows.length < 5) break
        }
        expect(rows).toHaveLength(expected[show])
        for (const row of rows) {
          for (const side of ['left', 'right'] as const) {
            if (row[side] === null) continue
            expect(seen[side].has(row[side])).toBe(false)
            seen[side].add(row[side])
          }
          expect([row.left === null, row.right === null]).toEqual([show === 'added', show === 'gone'])
          const counts = row.cells.filter(({ column }) => !ignore.includes(column))
          expect(counts.filter(({ differs }) => differs).length > 0).toBe(show === 'changed')
          for (const { key: isKey, left: l, right: r, differs } of counts)
            expect(differs).toBe(show === 'changed' && !isKey && l !== r)
        }
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)

test('knows numbers by their digits, and rows by what they say and not by the order of their keys', async () => {
  const { api, asked } = await twoOf(
    ['{"Name":"big","N":9007199254740993}', '{"Name":"same","a":1,"b":{"c":[1,2]}}', '{"Name":"twice","x":1,"x":2}'],
    ['{"Name":"big","N":9007199254740992}', '{"b":{"c":[1,2]},"a":1,"Name":"same"}', '{"Name":"twice","x":1,"x":3}'],
  )
  const { counts, rows, key } = await api.compare.rows(asked)
  expect([key, counts]).toEqual([['Name'], { added: 0, gone: 0, changed: 2, same: 1, repeated: 0 }])
  const marked = rows.map(({ cells }) => cells.filter(({ differs }) => differs))
  expect(marked).toEqual([
    [{ column: 'N', left: '9007199254740993', right: '9007199254740992', differs: true, key: false }],
    [{ column: 'x', left: '1 2', right: '1 3', differs: true, key: false }],
  ])
})

test('leaves times, process numbers and counters out unless told, and says so', async () => {
  const row = (pid: number, time: string, hash: string) =>
    JSON.stringify({
      Pid: pid,
      CreateTime: time,
      Exe: 'C:\\a.exe',
      CommandLine: 'a',
      Username: 'u',
      Hash: { SHA256: hash },
    })
  const { api, asked } = await twoOf(
    [row(1, '2024-01-01T00:00:00Z', 'x')],
    [row(2, '2024-01-02T00:00:00Z', 'x')],
    'Windows.System.Pslist',
  )
  const found = await api.compare.rows(asked)
  expect(found).toMatchObject({
    key: ['Exe', 'CommandLine', 'Username'],
    ignore: ['Pid', 'CreateTime'],
    counts: { changed: 0, same: 1 },
  })
  const strict = await api.compare.rows({ ...asked, ignore: [] })
  expect(strict.rows[0]!.cells.filter(({ differs }) => differs).map(({ column }) => column)).toEqual([
    'Pid',
    'CreateTime',
  ])
})

test('compares the newest collections of two hosts, and a hunt host by host with its baseline', async () => {
  const tenantId = await bed.tenant()
  const [h1, h2] = [await hostIn(tenantId, 'h1'), await hostIn(tenantId, 'h2')]
  const service = (name: string, path: string) => JSON.stringify({ Name: name, PathName: path })
  const source = 'Windows.System.Services'
  await collect(tenantId, h1, source, [service('old', 'x')])
  await bed.root.query("update collections set created_at = now() - interval '1 day' where tenant_id = $1", [tenantId])
  const { sourceId } = await collect(tenantId, h1, source, [service('a', 'x'), service('b', 'x')], 'H.1')
  await collect(tenantId, h2, source, [service('a', 'y')], 'H.1')
  await collect(tenantId, h1, source, [service('b', 'x')], 'H.BASE')
  await bed.root.query("update collections set created_at = now() - interval '2 days' where hunt_id = 'H.BASE'")
  const api = await bed.callerOf(tenantId, 'viewer')
  const hosts = { left: { kind: 'host', id: h1 }, right: { kind: 'host', id: h2 } } as const
  expect((await api.compare.sources(hosts)).sources).toEqual([{ id: sourceId, name: source, left: 2, right: 1 }])
  expect(await api.compare.rows({ ...hosts, sourceId })).toMatchObject({
    byHost: false,
    counts: { added: 0, gone: 1, changed: 1, same: 0 },
    sides: [{ collection: { hostname: 'h1' }, rows: 2, compared: 2 }, { rows: 1 }],
  })
  const hunts = { left: { kind: 'hunt', id: 'H.BASE' }, right: { kind: 'hunt', id: 'H.1' } } as const
  const byHost = await api.compare.rows({ ...hosts, ...hunts, sourceId, show: 'added' })
  expect([byHost.byHost, byHost.counts]).toEqual([true, { added: 2, gone: 0, changed: 0, same: 1, repeated: 0 }])
  expect(byHost.rows.map(({ host }) => host)).toEqual(['h1', 'h2'])
  const values = await api.compare.values({
    left: hunts.right,
    right: hunts.left,
    sourceId,
    fields: ['Name', 'PathName'],
  })
  expect(values).toMatchObject({
    total: 2,
    newRows: 2,
    values: [
      { values: ['"a"', '"x"'], rows: 1, hosts: 1 },
      { values: ['"a"', '"y"'], rows: 1, hosts: 1 },
    ],
  })
  expect((await api.compare.values({ left: hunts.right, right: hunts.left, sourceId })).values).toEqual([
    { values: ['"a"'], rows: 2, hosts: 2 },
  ])
})

test('a side of another tenant, or one that is not there, is not found', async () => {
  const { asked } = await twoOf(['{"Name":"a"}'], ['{"Name":"b"}'])
  const api = await bed.callerOf(await bed.tenant(), 'admin')
  for (const ask of [api.compare.rows, api.compare.values])
    await expect(ask(asked)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(api.compare.sources(asked)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const mine = await twoOf(['{"Name":"a"}'], ['{"Name":"b"}'])
  await expect(mine.api.compare.rows({ ...mine.asked, sourceId: asked.sourceId })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('says so where a side has more rows than are compared', async () => {
  const many = Array.from({ length: 1200 }, (_, i) => `{"Name":"n${String(i).padStart(4, '0')}"}`)
  const { tenantId, asked } = await twoOf(many, [...many.slice(1), '{"Name":"new"}'])
  const compared = (most?: number) =>
    inTenant(bed.database.db, tenantId, (scope) =>
      compareRows(
        { scope, pool: bed.services.searches, signal: undefined, now: new Date() },
        { ...asked, show: 'added', limit: 50, offset: 0 },
        most,
      ),
    )
  expect(await compared()).toMatchObject({
    counts: { added: 1, gone: 1, changed: 0, same: 1199 },
    sides: [
      { rows: 1200, compared: 1200 },
      { rows: 1200, compared: 1200 },
    ],
  })
  expect((await compared(1100)).sides).toMatchObject([
    { rows: 1200, compared: 1100 },
    { rows: 1200, compared: 1100 },
  ])
})
