import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'
import { parseQuery } from '../language/parse.ts'
import { microsOfIso } from '../rules.ts'
import { naively, type PlainRow } from './testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed({ searchThreads: 3 })
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

/** Mulberry32: the same choices for the same seed. */
function chance(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  const one = <T>(from: readonly T[]): T => from[below(from.length)]!
  return { next, below, one }
}
type Chance = ReturnType<typeof chance>

const keys = [
  'Name',
  'name',
  'a',
  'b',
  'a.b',
  'Laddr',
  'IP',
  'Laddr.IP',
  'Computer Info',
  '__proto__',
  'constructor',
  'toString',
  'ÜBER',
  'q"t',
  'bs\\s',
  '',
  'Pid',
  'host',
  'time',
  '\ud800x',
  'K\u212a',
]
const texts = [
  'svchost.exe', 'SVCHOST.EXE', 'svchost.exe.bak', 'C:\\Windows\\System32\\svchost.exe -k "net svcs"', 'Überprüfung ПАРОЛЬ', 'ſtraße K\u212a İx',
  '10.0.0.1', 'to 10.0.7.66:443', '192.168.1.1', '2001:db8::1', 'fe80::1', 'https://evil.example/a?b=c', 'user@corp.example', 'd41d8cd98f00b204e9800998ecf8427e',
  '', ' ', 'a', 'aa', 'ab', 'null', 'true', '5', '4625', '04625', '9007199254740993', '\u0000x', '\ud800', 'a\ud83d\ude00b', '\u0001', '*', 'a*b', '(x)', 'x|y', '2024-03-01', '1e400', 'line\nbreak',
] // prettier-ignore
const times = [
  '2024-03-01T10:20:30Z',
  '2024-03-01T10:20:30.1200000Z',
  '2024-03-01T10:20:30.12Z',
  '2024-03-01T12:20:30+02:00',
  '0001-01-01T00:00:00Z',
  '1601-01-01T00:00:00Z',
  '2024-03-02T00:00:00.123456789Z',
  '2024-02-30T00:00:00Z',
  '2024-03-01t10:20:30z',
  '2024-03-01 10:20:30',
]
const numbers = [
  '0',
  '-0',
  '5',
  '5.0',
  '4625',
  '-5',
  '0.1',
  '1e3',
  '1E+3',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775808',
  '18446744073709551616',
  '1e400',
  '1709288430',
  '1709288430000',
  '1709288430000000',
  '1709288430123456789',
  '132898790250183773',
  '3.14',
]

function jsonOf(c: Chance, depth: number): string {
  const kind = c.below(depth > 3 ? 6 : 10)
  if (kind < 3) return JSON.stringify(c.one(texts))
  if (kind === 3) return c.one(numbers)
  if (kind === 4) return JSON.stringify(c.one(times))
  if (kind === 5) return c.one(['true', 'false', 'null'])
  if (kind < 8) return objectOf(c, depth + 1, c.below(4))
  return `[${Array.from({ length: c.below(4) }, () => jsonOf(c, depth + 1)).join(',')}]`
}

const objectOf = (c: Chance, depth: number, n: number): string =>
  `{${Array.from({ length: n }, () => `${JSON.stringify(c.one(keys))}:${jsonOf(c, depth)}`).join(c.below(9) ? ',' : ' , ')}}`

const nested = (levels: number, inner: string) => `${'{"a":'.repeat(levels)}${inner}${'}'.repeat(levels)}`

function rowOf(c: Chance): string {
  const kind = c.below(40)
  if (kind === 0) return jsonOf(c, 0)
  if (kind === 1) return nested(c.one([31, 32, 33, 500]), JSON.stringify(c.one(texts)))
  if (kind === 2) return `{"a":${'['.repeat(500)}"a"${']'.repeat(500)}}`
  if (kind === 3) return `{"${'long'.repeat(300)}":"aa","a":5}`
  if (kind === 4) return `{${Array.from({ length: 1010 }, (_, i) => `"k${i}":${i % 7}`).join(',')},"a":"ab"}`
  return objectOf(c, 0, 1 + c.below(6))
}

const quoted = (text: string) => `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, (s) => s + s)}"`
const names = [
  'Name',
  'a',
  'b',
  'a.b',
  'a\\.b',
  '"a.b"',
  'Laddr',
  'Laddr.IP',
  'IP',
  '"Computer Info"',
  'Computer\\ Info',
  '__proto__',
  'constructor',
  'ÜBER',
  'über',
  '"q\\"t"',
  '"bs\\s"',
  'Pid',
  '"host"',
  '"time"',
  'a.a.a',
  'k1005',
  'k3',
  'nothere',
  'kk',
  '""',
]
const patterns = [
  'svc*',
  '*svc*',
  '*.exe',
  '?',
  '??',
  '*a*',
  's*t.e?e',
  '*10.0.*',
  '*"net svcs"*',
  '*ПАРОЛЬ',
  '*прю*',
  '*"*"*',
  '*\ud83d\ude00*',
  'a?b',
  '*2024*',
  '*46*',
  '*K*',
  '*?',
  '5*',
]
const regexes = [
  '/svc.*exe$/',
  '/^a+$/',
  '/\\d{4}/',
  '/(a|b)b?/',
  '/^$/',
  '/прю[фx]/',
  '/./',
  '/[^\\w]x/',
  '/exe\\b/',
  '/2024-03/',
  '/^5$/',
]
const ranges = [
  '>5',
  '>=4625',
  '<0',
  '<=9007199254740992',
  '>9007199254740992',
  '[5 TO 5000]',
  '{5 TO *]',
  '[* TO 9223372036854775807]',
  '>2024-03-01',
  '>=2024-03-01T10:20:30Z',
  '<2024-03-01T10:20:30.12Z',
  '[2024-03-01 TO 2024-03-02]',
  '{2024-03-01T10:20:30Z TO now]',
  '>m',
  '[a TO b]',
  '<="aa"',
  '>=1e400',
]
const builtins = [
  'host:h1',
  'host:H*',
  'host:h2.corp.example',
  'os:windows',
  'os:*n*',
  'label:vip',
  'label:*',
  'source:S.A',
  'source:S.A/One',
  'source:*two',
  'artifact:s.b',
  'hunt:H.1',
  'hunt:*',
  'time:2024-03-01',
  'time:>2024-03-01T10:20:30Z',
  'time:[2024-02-01 TO 2024-04-01}',
  'time:<now',
  'host:/^h[12]$/',
  'collection:*',
  'mark:benign',
  'mark:unseen',
  'mark:*e*',
  'mark:/^(un)?seen$/',
  'mark:*',
  'tag:One',
  'tag:*',
  'tag:t*',
  'indicator:known.example',
  'indicator:*',
  'indicator:Watch*',
]

/** A letter before `:/` is a drive, unless it is quoted. */
const ofField = (name: string, value: string) =>
  /^[a-z]$/.test(name) && value.startsWith('/') ? `"${name}":${value}` : `${name}:${value}`

function leafOf(c: Chance): string {
  const kind = c.below(12)
  const value = () =>
    c.one([
      quoted(c.one(texts) || 'x'),
      quoted(c.one(times)),
      quoted(c.one(numbers)),
      c.one(patterns),
      c.one(patterns),
      c.one(regexes),
      '10.0.0.0/8',
      '2001:db8::/32',
    ])
  if (kind < 3) return value()
  if (kind < 7) return ofField(c.one(names), c.one([value(), value(), '*', '""', 'true', 'null']))
  if (kind < 10) return `${c.one(names)}:${c.one(ranges)}`
  return c.one(builtins)
}

function queryOf(c: Chance, depth = 0): string {
  const kind = depth > 2 ? 0 : c.below(7)
  if (kind < 3) return leafOf(c)
  if (kind === 3) return `NOT ${queryOf(c, depth + 1)}`
  const joint = c.one([' ', ' AND ', ' OR ', ' OR '])
  return `(${Array.from({ length: 2 + c.below(2) }, () => queryOf(c, depth + 1)).join(joint)})`
}

const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

/** Stores some rows of a few hosts, collections and sources, and gives them with what is known of them, by their names. */
async function fill(c: Chance, tenantId: number): Promise<Map<string, PlainRow>> {
  const rows = new Map<string, PlainRow>()
  for (let h = 1; h <= 3; h++) {
    const host = {
      hostname: `h${h}`,
      fqdn: `h${h}.corp.example`,
      os: h === 3 ? null : c.one(['windows', 'linux']),
      labels: h === 1 ? ['VIP', 'lab'] : [],
    }
    const hostId = await id(
      'insert into hosts (tenant_id, hostname, fqdn, os, labels) values ($1, $2, $3, $4, $5) returning id',
      [tenantId, host.hostname, host.fqdn, host.os, host.labels],
    )
    for (const [i, source] of ['S.A/One', 'S.A/Two', 'S.B'].entries()) {
      const hunt = i === 1 ? 'H.1' : null
      const at = await placeOn(bed, tenantId, hostId, source, hunt)
      const lines = Array.from({ length: 1 + c.below(12) }, () => rowOf(c))
      await storeGroup(
        ingest,
        at,
        { bytes: Buffer.from(`${lines.join('\n')}\n`), lines: lines.length, firstLine: 0 },
        0,
      )
      for (const [row, json] of lines.entries())
        rows.set(`${at.collectionId}.${at.sourceId}.${row}`, {
          json,
          host,
          source,
          collection: at.collectionId,
          hunt,
          time: NaN,
          mark: 'unseen',
          tags: [],
          indicators: [],
        })
    }
  }
  return rows
}

/** People say something of some of the rows. */
async function judge(c: Chance, tenantId: number, rows: Map<string, PlainRow>) {
  const user = await bed.callerOf(tenantId, 'user')
  const indicator = await id(
    `with l as (insert into indicator_lists (tenant_id, name) values ($1, 'Watched') returning id)
     insert into indicators (tenant_id, list_id, kind, value, key) select $1, id, 'domain', 'known.example', 'x' from l returning id`,
    [tenantId],
  )
  for (const [name, row] of rows) {
    if (c.below(3) === 0) {
      row.indicators.push('known.example', 'Watched')
      await bed.root.query(
        `insert into indicator_hits (tenant_id, owner_tenant_id, indicator_id, host_id, collection_id, source_id, row_number, event_micros)
         select tenant_id, tenant_id, $2, host_id, id, $4, $5, 0 from collections where tenant_id = $1 and id = $3`,
        [tenantId, indicator, ...name.split('.').map(Number)],
      )
    }
    if (c.below(3) === 0) {
      row.mark = c.one(['seen', 'benign', 'suspicious', 'malicious'])
      await user.triage.mark({ rows: [name], mark: row.mark as 'seen' })
    }
    for (const tag of ['one', 'Two']) {
      if (c.below(5) > 0) continue
      row.tags.push(tag)
      await user.triage.tag({ rows: [name], tag })
    }
  }
}

const fresh = Math.floor(Math.random() * 1e9)

test.each([1, 2, 3, fresh])(
  'every query of seed %i is answered as a plain reading of the rows answers it',
  async (seed) => {
    const c = chance(seed)
    const tenantId = await bed.tenant()
    const rows = await fill(c, tenantId)
    const api = await bed.callerOf(tenantId, 'viewer')
    const all = await api.rows.search({ query: '', limit: 200 })
    expect(all.total).toBe(rows.size)
    for (const { id: name, eventTime } of all.rows) rows.get(name)!.time = microsOfIso(eventTime)
    await judge(c, tenantId, rows)
    let between = 0
    const groupsOf = (names: string[]) =>
      [...Map.groupBy(names, (name) => JSON.stringify([rows.get(name)!.host.hostname, rows.get(name)!.source]))]
        .map(([values, of]) => ({
          values: JSON.parse(values) as string[],
          rows: of.length,
          hosts: 1,
          tenants: 1,
          first: Math.min(...of.map((name) => rows.get(name)!.time)),
          last: Math.max(...of.map((name) => rows.get(name)!.time)),
        }))
        .sort((a, b) => (String(a.values) < String(b.values) ? -1 : 1))
    for (let i = 0; i < 120; i++) {
      const query = queryOf(c)
      const { filter } = parseQuery(query, new Date())
      const expected = [...rows].filter(([, row]) => naively(filter, row)).map(([name]) => name)
      const answer = await api.rows.search({ query, limit: 200 }).catch((error: unknown) => {
        throw new Error(`${query} failed`, { cause: error })
      })
      const found = answer.rows.map((row) => row.id)
      expect({ query, found: found.sort() }).toEqual({ query, found: expected.sort() })
      expect(answer).toMatchObject({ total: expected.length, totalIsExact: true })
      if (i % 8 === 0) {
        const stack = await api.rows.stack({
          query,
          fields: ['host', 'source'],
          first: true,
          last: true,
          tenants: true,
        })
        const groups = stack.values.map(({ days: _days, ...group }) => ({
          ...group,
          first: microsOfIso(group.first!),
          last: microsOfIso(group.last!),
        }))
        const found = groups.sort((a, b) => (String(a.values) < String(b.values) ? -1 : 1))
        expect({ query, groups: found }).toEqual({ query, groups: groupsOf(expected) })
      }
      if (expected.length > 0 && expected.length < rows.size) between++
    }
    // Queries that find nothing or everything tell little.
    expect(between).toBeGreaterThan(30)
  },
  60_000,
)
