import pg from 'pg'
import { expect, test } from 'vitest'
import { migrateDown, migrateUp, migrationStatus } from '../src/migrate.ts'
import { rolesOf } from '../src/roles.ts'
import { emptyDatabase } from '../src/testing.ts'
import { fill } from './fill.ts'
import { migrations } from './index.ts'

test('goes up, takes rows in every table, goes down to nothing and up again', async () => {
  const empty = await emptyDatabase()
  const owner = new pg.Client(empty.url)
  const superuser = new pg.Client(empty.superUrl)
  try {
    expect(await migrateUp(empty.url)).toEqual(Object.keys(migrations))
    await owner.connect()
    await fill(owner, rolesOf(empty.name))
    await superuser.connect()
    const counts = await superuser.query<{ name: string; n: number }>(tableCounts)
    expect(counts.rows.filter((r) => r.n === 0).map((r) => r.name)).toEqual([])
    expect(await migrateDown(empty.url, true)).toEqual(Object.keys(migrations).toReversed())
    const left = await superuser.query(leftovers, [`${empty.name}\\_%`])
    expect(left.rows).toEqual([])
    expect(await migrateUp(empty.url)).toEqual(Object.keys(migrations))
    expect((await migrationStatus(empty.url)).every((m) => m.executedAt)).toBe(true)
  } finally {
    await owner.end()
    await superuser.end()
    await migrateDown(empty.url, true).catch(() => {})
    await empty.drop()
  }
})

test('sources of one name stay two when their kinds are no longer told apart', async () => {
  const empty = await emptyDatabase()
  await migrateUp(empty.url)
  const client = new pg.Client(empty.superUrl)
  await client.connect()
  await client.query("insert into tenants (name) values ('t')")
  await client.query("insert into sources (tenant_id, name, kind) values (1, 'logs', 'rows'), (1, 'logs', 'logs')")
  while (!(await migrateDown(empty.url)).includes('0006_sources_by_kind'));
  const { rows } = await client.query('select name from sources order by id')
  expect(rows.map((row) => row.name)).toEqual(['logs', 'logs (logs)'])
  await client.end()
  await migrateDown(empty.url, true)
  await empty.drop()
})

test('two servers that start at once migrate one after the other', async () => {
  const empty = await emptyDatabase()
  const runs = await Promise.all([migrateUp(empty.url), migrateUp(empty.url)])
  expect(runs.flat().toSorted()).toEqual(Object.keys(migrations))
  await migrateDown(empty.url, true)
  await empty.drop()
})

test('no role that the migrations make can log in, bypass policies or inherit', async () => {
  const empty = await emptyDatabase()
  await migrateUp(empty.url)
  const client = new pg.Client(empty.url)
  await client.connect()
  const { rows } = await client.query(
    'select rolcanlogin, rolbypassrls, rolsuper, rolinherit from pg_roles where rolname like $1',
    [`${empty.name}\\_%`],
  )
  await client.end()
  expect(rows).toHaveLength(3)
  for (const role of rows) {
    expect(role).toEqual({ rolcanlogin: false, rolbypassrls: false, rolsuper: false, rolinherit: false })
  }
  await migrateDown(empty.url, true)
  await empty.drop()
})

const tableCounts = `
select relname as name, (xpath('/row/c/text()', query_to_xml('select count(*) c from ' || quote_ident(relname), false, true, '')))[1]::text::int as n
from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname not like 'kysely%'`
const leftovers = `
select relname::text from pg_class where relnamespace = 'public'::regnamespace and relname not like 'kysely%'
union all select typname from pg_type where typnamespace = 'public'::regnamespace and typname !~ 'kysely'
union all select proname from pg_proc where pronamespace = 'public'::regnamespace
union all select rolname from pg_roles where rolname like $1`
