import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from './testing.ts'

const own = 1
const blocksOfTenant = 4000
const rareTerm = -7
const commonTerm = -8

let database: Awaited<ReturnType<typeof testDatabase>>
let root: pg.Client
beforeAll(async () => {
  database = await testDatabase()
  root = new pg.Client(database.superUrl)
  await root.connect()
  // What a block refers to does not matter for a plan.
  await root.query('set session_replication_role = replica')
  await root.query(
    `insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, text, terms, grams, gram_bits)
     select tenant, next_block_id(now()), n % 12, '{1}', 100, n, n, 1000, '', '{0}', '',
       array(select (random() * 2000000000)::int from generate_series(1, 60) where n > 0)
         || case when n % 2 = 0 then ${commonTerm} else 0 end || case when n = 500 then ${rareTerm} else 0 end,
       case when n % 1000 > 0 then array(select (random() * 4000000)::int from generate_series(1, 60) where n > 0)
         || case when n % 2 = 0 then ${commonTerm} else 0 end || case when n = 500 then ${rareTerm} else 0 end end,
       -- Of the four without grams, one has a filter with bit 5 set and one an empty filter.
       case when n = 1000 then set_bit(decode(repeat('00', 64), 'hex'), 5, 1) when n = 2000 then decode(repeat('00', 64), 'hex') end
     from generate_series(1, 2) tenant, generate_series(1, ${blocksOfTenant}) n`,
  )
  // Entries that wait in the pending list would be read one by one.
  await root.query('vacuum analyze blocks')
  const { rows } = await root.query<{ name: string }>('select current_database() as name')
  for (const setting of [
    "session_preload_libraries = 'auto_explain'",
    'auto_explain.log_min_duration = 0',
    'auto_explain.log_nested_statements = on',
    "auto_explain.log_level = 'notice'",
  ])
    await root.query(`alter database "${rows[0]!.name}" set ${setting}`)
})
afterAll(async () => {
  await root.end()
  await database.close()
})

/** The plans of what a look-up runs inside, as the server's own role gets them: under row-level security. */
async function plansOf(call: string, values: unknown[], role = '_app') {
  const client = await database.pool.connect()
  const plans: string[] = []
  client.on('notice', ({ message }) => {
    if (/\.(terms|grams) (@>|&&)/.test(message ?? '')) plans.push(message!)
  })
  let found = 0
  try {
    // PL/pgSQL changes to a plan for any parameters after five times.
    for (let time = 0; time < 7; time++) {
      await client.query(`begin; set local app.tenant_id = '${own}'`)
      if (role !== '_app') await client.query(`set local role ${database.roles.reader}`)
      expect((await client.query('select current_user as role')).rows[0].role).toMatch(new RegExp(`${role}$`))
      const { rows } = await client.query(`select * from ${call}`, values)
      await client.query('commit')
      found = rows.length
    }
  } finally {
    client.release(true)
  }
  return { plans, found }
}

function expectTermsOnly(plans: string[]) {
  expect(plans).toHaveLength(7)
  for (const plan of plans) {
    expect(plan).toMatch(/Bitmap Index Scan on blocks_\d+_terms_idx/)
    expect(plan).not.toMatch(/Seq Scan on blocks|BitmapAnd|blocks_\w*(pkey|tenant_id\w*_idx)/)
  }
}

test.each([
  { what: 'a value of one block', terms: [rareTerm], sources: null, expected: 1 },
  { what: 'a value of half of the blocks', terms: [commonTerm], sources: null, expected: blocksOfTenant / 2 },
  { what: 'a value in some sources', terms: [rareTerm], sources: [500 % 12, 3], expected: 1 },
  { what: 'two values', terms: [rareTerm, commonTerm], sources: null, expected: 1 },
])('finds the blocks with $what by the index of terms, and by no other', async ({ terms, sources, expected }) => {
  const { plans, found } = await plansOf('find_blocks($1, $2, $3, $4, $5)', [own, terms, sources, -1, 1e9])
  expect(found).toBe(expected)
  expectTermsOnly(plans)
})

test('finds the blocks of every tenant by the index of terms, and by no other', async () => {
  const { plans, found } = await plansOf('find_blocks_everywhere($1, $2, $3)', [[rareTerm], -1, 1e9], '_reader')
  expect(found).toBe(2)
  expectTermsOnly(plans)
})

test.each([
  { what: 'one value', terms: [rareTerm], expected: 1 },
  { what: 'a thousand values', terms: [rareTerm, ...Array.from({ length: 999 }, (_, n) => -1000 - n)], expected: 1 },
  { what: 'a common value among others', terms: [rareTerm, commonTerm, -1000], expected: blocksOfTenant / 2 },
])('finds the blocks with any of $what by the index of terms, and by no other', async ({ terms, expected }) => {
  const mine = await plansOf('find_blocks_any($1, $2, $3, $4)', [own, terms, -1, 1e9])
  expect(mine.found).toBe(expected)
  expectTermsOnly(mine.plans)
  const every = await plansOf('find_blocks_any_everywhere($1, $2, $3)', [terms, -1, 1e9], '_reader')
  expect(every.found).toBe(2 * expected)
  expectTermsOnly(every.plans)
})

/** Blocks whose grams are not known may hold anything; of the two that have a filter, one rules the bits out. */
const withoutGrams = blocksOfTenant / 1000
const maybe = withoutGrams - 1
const bits = [5, 512 + 5]

test.each([
  { what: 'all of some grams', all: [rareTerm, commonTerm], any: null, expected: 1 + maybe },
  {
    what: 'a gram of half of the blocks',
    all: [commonTerm],
    any: null,
    expected: blocksOfTenant / 2 - withoutGrams + maybe,
  },
  { what: 'any of some grams', all: null, any: [rareTerm, -100, -101], expected: 1 + withoutGrams },
])('finds the blocks with $what by the index of grams, and by no other', async ({ all, any, expected }) => {
  const { plans, found } = await plansOf('find_blocks_containing($1, $2, $3, $4, $5, $6)', [
    own,
    all,
    any,
    all && bits,
    -1,
    1e9,
  ])
  expect(found).toBe(expected)
  expect(plans).toHaveLength(7)
  for (const plan of plans) {
    expect(plan).toMatch(/Bitmap Index Scan on blocks_\d+_grams_idx/)
    expect(plan).toMatch(/Index (Only )?Scan (using|on) blocks_\d+_tenant_id_block_id_idx/)
    expect(plan).not.toMatch(/Seq Scan on blocks|BitmapAnd|blocks_\w*pkey/)
  }
})

test('finds the blocks of every tenant by the index of grams', async () => {
  const call = 'find_blocks_containing_everywhere($1, $2, $3, $4, $5)'
  const { plans, found } = await plansOf(call, [[rareTerm], null, [6], -1, 1e9], '_reader')
  expect(found).toBe(2 * (1 + withoutGrams - 2))
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on blocks|BitmapAnd/)
})

test('does not look for the grams of another tenant', async () => {
  await expect(
    plansOf('find_blocks_containing($1, $2, $3, $4, $5, $6)', [2, [rareTerm], null, [6], -1, 1e9]),
  ).rejects.toThrow(/not this tenant/)
})

test('takes in what the indexes have put off', async () => {
  const client = await database.pool.connect()
  try {
    await root.query(
      "insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, text, terms, grams) select 1, next_block_id(now()), 1, '{1}', 1, 1, 1, 1, '', '{0}', '', '{1}', '{1}' from generate_series(1, 300)",
    )
    const { rows } = await client.query<{ pages: number }>(`select take_in_pending('terms') as pages`)
    expect(rows[0]!.pages).toBeGreaterThan(0)
    expect((await client.query(`select take_in_pending('terms') as pages`)).rows[0].pages).toBe(0)
    expect((await client.query(`select take_in_pending('grams') as pages`)).rows[0].pages).toBeGreaterThan(0)
  } finally {
    client.release()
  }
})
