import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'
import { type AskedFor, writeField, writeTerm } from '../input.ts'

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

/** Stores rows of one source and gives a way to ask which of them a query finds. */
async function stored(rows: string[]) {
  const tenantId = await bed.tenant()
  const { id: hostId } = await bed.one<{ id: number }>(
    "insert into hosts (tenant_id, hostname) values ($1, 'h1') returning id",
    [tenantId],
  )
  const at = await placeOn(bed, tenantId, hostId, 'Custom.Test')
  const bytes = Buffer.from(`${rows.join('\n')}\n`)
  await storeGroup(ingest, at, { bytes, lines: rows.length, firstLine: 0 }, 0)
  const api = await bed.callerOf(tenantId, 'viewer')
  return async (query: string) => {
    const { rows: found } = await api.rows.search({ query, limit: 200 }).catch((error: unknown) => {
      throw new Error(`${query} failed`, { cause: error })
    })
    return found.map(({ row }) => row).sort((a, b) => a - b)
  }
}

const odd = ['a', 'Name', 'a.b', 'Computer Info', 'q"t', 'bs\\', 'bs\\"', '', ':', 'x:y', '*', '(x)', 'a|b', '/x/', 'NOT', 'ÜBER', '\ud800', '‮x', 'host', 'TIME', '5', '-x', 'c', ' ', 'a,b'] // prettier-ignore
const key = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary', maxLength: 8 }))
const text = fc.oneof(
  fc.constantFrom('', '"', '\\', '\\"', 'C:\\Windows\\', 'C:\\a b\\"', '*', '?', 'a*b', '/re/', '10.0.0.0/8', 'null', 'true', '5', '-5', 'a OR b', '| count', '(', '>5', '[1 TO 2]', 'now', '2024-03-01T10:20:30.1234567Z', '2024-03-01', '0001-01-01T00:00:00Z', 'a\nb', '\u0000', '‮exe.txt', '\ud83d\ude00', '\udc00', 'ß', 'İ', 'K', 'x'.repeat(5000)), // prettier-ignore
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const number = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '5e3', '1E+3', '-17', '9007199254740993', '18446744073709551616', '1e400', '0.10', '-1.5e-7'), // prettier-ignore
  fc.integer().map(String),
)
const leaf: fc.Arbitrary<{ value: AskedFor; json: string }> = fc.oneof(
  text.map((value) => ({ value, json: JSON.stringify(value) })),
  number.map((source) => ({ value: { number: source }, json: source })),
  fc.constantFrom(true, false, null).map((value) => ({ value, json: String(value) })),
)

const pathOf = fc.array(key, { minLength: 1, maxLength: 3 })
const nested = (path: string[], json: string): string =>
  path.reduceRight((inner, name) => `{${JSON.stringify(name)}:${inner}}`, json)

test('the term made from a value finds the row that has it, whatever its field and the value hold', async () => {
  const cases = fc.sample(fc.record({ path: pathOf, leaf, listed: fc.boolean() }), 80)
  const rows = cases.map(({ path, leaf: { json }, listed }) => nested(path, listed ? `[{"z":1},${json}]` : json))
  const find = await stored(rows)
  for (const [
    row,
    {
      path,
      leaf: { value },
    },
  ] of cases.entries()) {
    const term = writeTerm(writeField(path), value)!
    const said = { term, row, json: rows[row] }
    expect(await find(term), JSON.stringify(said)).toContain(row)
    const bare = writeTerm(undefined, value)
    if (bare !== undefined) expect(await find(bare), JSON.stringify({ ...said, bare })).toContain(row)
    expect(await find(`NOT ${term}`), JSON.stringify(said)).not.toContain(row)
  }
}, 120_000)

test('asks for what is absent, null, empty and true apart', async () => {
  const find = await stored(['{"a b":null}', '{"a b":""}', '{"a b":true}', '{"c":1}', '{"a b":"x"}'])
  const field = writeField(['a b'])
  expect(await find(writeTerm(field, undefined)!)).toEqual([3])
  expect(await find(writeTerm(field, null)!)).toEqual([0])
  expect(await find(writeTerm(field, '')!)).toEqual([1])
  expect(await find(writeTerm(field, true)!)).toEqual([2])
  expect([writeTerm(undefined, null), writeTerm(undefined, ''), writeTerm(undefined, undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('a field of a row that is named as one that every row has is asked for itself', async () => {
  const find = await stored(['{"host":"h2","c":"x"}', '{"HOST":"h1","c":"/x/"}'])
  expect(await find(writeTerm(writeField(['host']), 'h2')!)).toEqual([0])
  expect(await find(writeTerm(writeField(['host']), 'h1')!)).toEqual([1])
  expect(await find(writeTerm(writeField(['c']), '/x/')!)).toEqual([1])
  expect(await find(writeTerm('host', 'h1')!)).toEqual([0, 1])
})
