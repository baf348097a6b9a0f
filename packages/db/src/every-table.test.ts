import pg from 'pg'
import { expect, test } from 'vitest'
import { fill } from '../migrations/fill.ts'
import { rolesOf } from './roles.ts'
import { templateName, testDatabase } from './testing.ts'

test('every table of a tenant shows another tenant no row, and takes none for it', async () => {
  const database = await testDatabase()
  const client = new pg.Client(database.superUrl)
  await client.connect()
  try {
    const roles = rolesOf(templateName)
    const { app } = roles
    await fill(client, roles)
    const { rows: tables } = await client.query<{ name: string; readable: boolean; writable: boolean }>(`
      select c.relname as name, has_table_privilege('${app.slice(1, -1)}', c.oid, 'select') as readable,
        has_table_privilege('${app.slice(1, -1)}', c.oid, 'insert') as writable
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`)
    expect(tables.length).toBeGreaterThan(15)
    const as = async (tenant: number | undefined, statement: string) => {
      await client.query(`begin; set local role ${app}; ${tenant ? `set local app.tenant_id = '${tenant}'` : ''}`)
      try {
        return (await client.query(statement)).rows
      } finally {
        await client.query('rollback')
      }
    }
    for (const { name } of tables.filter((t) => t.readable)) {
      expect(await as(1, `select 1 from ${name} limit 1`), `${name}: own`).toHaveLength(1)
      expect(await as(2, `select 1 from ${name} limit 1`), `${name}: other`).toEqual([])
      expect(await as(undefined, `select 1 from ${name} limit 1`), `${name}: none`).toEqual([])
    }
    for (const { name } of tables.filter((t) => t.writable)) {
      // The policy speaks before any other constraint of the row does.
      await expect(as(1, `insert into ${name} (tenant_id) values (2)`), name).rejects.toThrow('row-level security')
    }
  } finally {
    await client.end()
    await database.close()
  }
})
