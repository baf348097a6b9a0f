import pg from 'pg'
import { expect, test } from 'vitest'
import { migrateDown, migrateUp } from './migrate.ts'
import { makePartitions } from './partitions.ts'
import { emptyDatabase, testDatabase } from './testing.ts'

test('makes the partitions that are missing, also when two servers start at once', async () => {
  const database = await testDatabase()
  const root = new pg.Client(database.superUrl)
  await root.connect()
  const partitions = async () =>
    (
      await root.query<{ name: string }>(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent in ('blocks'::regclass, 'block_columns'::regclass) order by 1",
      )
    ).rows.map((row) => row.name)
  try {
    const before = await partitions()
    const monthly = before.filter((name) => !name.endsWith('_default'))
    expect(monthly).toHaveLength(6)
    await root.query(`drop table ${monthly.join(', ')}`)
    const { db, roles } = database
    await Promise.all([makePartitions(db, roles), makePartitions(db, roles)])
    expect(await partitions()).toEqual(before)
    // Autovacuum would count the hashes of each of them, at more cost than storing them.
    const { rows } = await root.query(
      `select attrelid::regclass::text as table, attname from pg_attribute join pg_inherits on inhrelid = attrelid
       where inhparent = 'blocks'::regclass and attname in ('terms', 'grams') and attstattarget is distinct from 0`,
    )
    expect(rows).toEqual([])
  } finally {
    await root.end()
    await database.close()
  }
})

test('a start months after the last one finds its partitions, though no migration is new', async () => {
  const empty = await emptyDatabase()
  const root = new pg.Client(empty.superUrl)
  await root.connect()
  try {
    await migrateUp(empty.url)
    const { rows } = await root.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'blocks'::regclass and inhrelid::regclass::text !~ 'default' order by 1",
    )
    await root.query(`drop table ${rows.map((row) => row.name).join(', ')}`)
    expect(await migrateUp(empty.url)).toEqual([])
    for (const { name } of rows) {
      expect((await root.query('select to_regclass($1)::text as name', [name])).rows).toEqual([{ name }])
    }
  } finally {
    await root.end()
    await migrateDown(empty.url, true)
    await empty.drop()
  }
})
