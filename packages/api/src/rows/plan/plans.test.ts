import { afterAll, beforeAll, expect, test } from 'vitest'
import { inEveryTenant, inTenant, type Actor, type ReadScope } from '../../scope.ts'
import { testBed, type TestBed } from '../../testing.ts'
import { pageParts, runsFrom, runWithRow } from '../lines/queries.ts'
import {
  blocksContaining,
  blocksOf,
  blocksWithAny,
  blocksWithRuns,
  blocksWithTerms,
  type Candidate,
  columnsOf,
  eventTimesOf,
  partsOf,
  runsOf,
  timeColumnsOf,
} from '../queries.ts'
import { fieldsLike, hostIdsOf } from '../naming/queries.ts'
import { copied, tuplesOf } from './copied.ts'

const tenants = 12
const blocksOfTenant = 500
const own = 3
const rare = -7

let bed: TestBed
const plans: string[] = []
beforeAll(async () => {
  bed = await testBed()
  const { root } = bed
  // What a row refers to does not matter for a plan.
  await root.query('set session_replication_role = replica')
  await root.query(`
insert into tenants (name) select 'tenant ' || t from generate_series(1, ${tenants}) t;
insert into hosts (tenant_id, hostname) select t, 'ws-' || n from generate_series(1, ${tenants}) t, generate_series(1, 300) n;
insert into fields (tenant_id, source_id, id, path) overriding system value select t, s, f, '["Field' || f || '"]' from generate_series(1, ${tenants}) t, generate_series(1, 12) s, generate_series(1, 40) f;
insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, text, terms, grams, capped_fields)
  select t, next_block_id(now()), n % 12 + 1, '{1}', 1000, n, n, 1000, '\\x00', '{0,1}', '\\x00',
    array(select (random() * 2000000000)::int from generate_series(1, 40) where n > 0) || case when n = 100 then ${rare} else 0 end,
    array(select (random() * 4000000)::int from generate_series(1, 40) where n > 0) || case when n = 100 then ${rare} else 0 end, 0
  from generate_series(1, ${tenants}) t, generate_series(1, ${blocksOfTenant}) n;
insert into block_columns (tenant_id, source_id, field_id, block_id, chunk) select tenant_id, source_id, f, block_id, '\\x0102' from blocks, generate_series(0, 9) f;
insert into runs (tenant_id, collection_id, source_id, first_row, n, block_id, block_row, host_id, delivery_id, sha256)
  select tenant_id, block_id % 100 + 1, source_id, block_id * 10 + r, 500, block_id, r * 500, block_id % 300 + 1, 1, '\\x00' from blocks, generate_series(0, 1) r`)
  await root.query('select take_in_pending($1)', ['terms'])
  await root.query('select take_in_pending($1)', ['grams'])
  await root.query('vacuum analyze')
  const { rows } = await root.query<{ name: string }>('select current_database() as name')
  for (const setting of [
    "session_preload_libraries = 'auto_explain'",
    'auto_explain.log_min_duration = 0',
    'auto_explain.log_nested_statements = on',
    "auto_explain.log_level = 'notice'",
  ])
    await root.query(`alter database "${rows[0]!.name}" set ${setting}`)
  bed.database.pool.on('connect', (client) => client.on('notice', ({ message }) => void plans.push(message ?? '')))
})
afterAll(() => bed.close())

const actor: Actor = { userId: 1, username: 'ada', tenantId: own, role: 'super_admin' }
const inOne = (work: (scope: ReadScope) => Promise<unknown>) => inTenant(bed.database.db, own, work)
const inAll = (work: (scope: ReadScope) => Promise<unknown>) => inEveryTenant(bed.database, actor, work)

const always = { sources: undefined, superseded: false, since: -9e18, until: 9e18 }
const lately = { ...always, since: blocksOfTenant - 10 }

/** Some blocks, as the parts of a wave are read for. */
async function wave(scope: ReadScope): Promise<Candidate[]> {
  const blocks = await blocksOf(scope, lately)
  plans.length = 0
  return blocks.slice(0, 40)
}

const frames = (blocks: Candidate[]) => blocks.map((block) => ({ ...block, frame: 0 }))

const shapes: [string, (scope: ReadScope) => Promise<unknown>][] = [
  ['blocks of sources', (scope) => blocksOf(scope, { ...always, sources: [3] })],
  ['the newest blocks', (scope) => blocksOf(scope, lately)],
  ['blocks by their keys', async (scope) => blocksOf(scope, always, await wave(scope))],
  ['blocks with a value', (scope) => blocksWithTerms(scope, [rare], always)],
  ['blocks with any of some values', (scope) => blocksWithAny(scope, [rare, -100, -101], always)],
  ['blocks with a part of a value', (scope) => blocksContaining(scope, { all: [rare] }, always)],
  ['blocks of a host', (scope) => blocksWithRuns(scope, { hosts: [7], collections: undefined })],
  ['runs of blocks', async (scope) => runsOf(scope, await wave(scope))],
  ['texts of blocks', async (scope) => copied(scope, [partsOf.texts(scope, await wave(scope))])],
  ['lines of blocks', async (scope) => copied(scope, [partsOf.raw(scope, await wave(scope))])],
  [
    'columns of blocks',
    async (scope) =>
      columnsOf(
        scope,
        (await wave(scope)).map((block) => ({ ...block, fieldId: 4 })),
      ),
  ],
  ['event times of blocks', async (scope) => eventTimesOf(scope, await wave(scope))],
  [
    'a page of rows',
    async (scope) =>
      pageParts(scope, { hosts: [7, 8], sources: [3], collections: [4], frames: frames(await wave(scope)) }),
  ],
  ['the run of a row', async (scope) => runWithRow(scope, { blockId: (await wave(scope))[0]!.blockId, blockRow: 700 })],
  ['rows of a collection', (scope) => runsFrom(scope, { collectionId: 4, sourceId: 3 }, 0, 10)],
]

/** Tables that grow with evidence, by the partition that holds it. */
const grown = '(?:blocks_\\d+|block_columns_\\d+|runs)'
const partitions = async () =>
  (
    await bed.root.query<{ name: string }>(
      "select distinct tableoid::regclass::text as name from blocks union select distinct tableoid::regclass::text from block_columns union select 'runs'",
    )
  ).rows.map(({ name }) => name)

test.each(shapes)('%s are found by an index, in one tenant and in all', async (_name, ask) => {
  const filled = await partitions()
  for (const within of [inOne, inAll]) {
    plans.length = 0
    await within(ask)
    const touching = plans.filter((plan) => new RegExp(`Scan.* on ${grown}`).test(plan))
    expect(touching.length).toBeGreaterThan(0)
    for (const plan of touching) {
      for (const table of filled) expect(plan).not.toMatch(new RegExp(`Seq Scan on ${table}\\b`))
      expect(plan).not.toMatch(/BitmapAnd/)
      // A condition on the tenant alone reads all that it has; but for the index of those few that lack a part.
      const others = plan.replaceAll(/using blocks_\w+_tenant_id_block_id_idx\d* on .*\n.*/g, '')
      expect(others).not.toMatch(/Index Cond: \(+tenant_id = \d+\)+$/m)
    }
  }
})

test('fields and hosts are found by their tenant', async () => {
  plans.length = 0
  await inOne((scope) => fieldsLike(scope, ['field3'], [3]))
  await inOne((scope) => hostIdsOf(scope, 'ws-7'))
  expect(plans.length).toBeGreaterThan(0)
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (fields|hosts)\b/)
})

test('time columns are read of the blocks of a wave alone', async () => {
  await inOne(async (scope) => timeColumnsOf(scope, await wave(scope)))
  const plan = plans.find((text) => text.includes('get_byte'))!
  expect(plan).toMatch(/block_id = ANY/)
  for (const table of await partitions()) expect(plan).not.toMatch(new RegExp(`Seq Scan on ${table}\\b`))
})

test('no look-up answers for another tenant', async () => {
  const calls = [
    `find_blocks(${own + 1}, '{${rare}}', null, -1, 1)`,
    `find_blocks_any(${own + 1}, '{${rare}}', -1, 1)`,
    `find_blocks_containing(${own + 1}, '{${rare}}', null, '{${rare}}', -1, 1)`,
  ]
  for (const call of calls)
    await expect(inOne((scope) => copied(scope, [`select * from ${call}`]))).rejects.toThrow(/not this tenant/)
  const { rows } = await bed.root.query<{ name: string }>(
    "select proname as name from pg_proc where prosecdef and pronamespace = 'public'::regnamespace and proname ~ '^find_' order by 1",
  )
  const everywhere = rows.map(({ name }) => name).filter((name) => name.endsWith('_everywhere'))
  // A new one is entered here: it refuses another tenant, or is the reader's alone.
  expect(rows.map(({ name }) => name).filter((name) => !name.endsWith('_everywhere'))).toEqual(
    calls.map((call) => call.split('(')[0]),
  )
  await inOne(async (scope) => {
    for (const name of everywhere) {
      const select = `select count(*)::bigint from pg_proc where proname = '${name}' and has_function_privilege(oid, 'execute')`
      const [copy] = await copied(scope, [select])
      expect([name, tuplesOf(copy!, 1, (tuple) => tuple.bigint(0))]).toEqual([name, [0]])
    }
  })
})
