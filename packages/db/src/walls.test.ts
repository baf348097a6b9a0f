import { afterAll, describe, expect, test } from 'vitest'
import { fill } from '../migrations/fill.ts'
import { migrateDown, migrateUp } from './migrate.ts'
import { rolesOf } from './roles.ts'
import { connect, managed, testServers } from './testing-servers.ts'

const servers = await testServers()
afterAll(() => servers.forEach((s) => s.stop()))

describe.each(servers)('$name', ({ superUrl }) => {
  test.each(['inherit', 'noinherit'])(
    'two databases of one managed login (%s) carry the same walls and do not collide',
    async (inherits) => {
      const urls = await managed(superUrl, `${inherits}_${process.pid}`, inherits)
      for (const url of urls) {
        await migrateUp(url)
        const client = await connect(url)
        await fill(client, rolesOf(new URL(url).pathname.slice(1)))
        await client.end()
      }
      for (const url of urls) await checkWalls(url)
      await migrateDown(urls[0], true)
      await checkWalls(urls[1])
      await migrateDown(urls[1], true)
    },
  )
})

async function checkWalls(url: string) {
  const { app, evidence, reader } = rolesOf(new URL(url).pathname.slice(1))
  const client = await connect(url)
  const as = async (role: string, tenant: number | undefined, statement: string) => {
    await client.query(`begin; set local role ${role}; ${tenant ? `set local app.tenant_id = '${tenant}';` : ''}`)
    try {
      return (await client.query(statement)).rows
    } finally {
      await client.query('rollback')
    }
  }
  for (const table of ['hosts', 'blocks', 'runs', 'block_columns', 'cases', 'audit_events']) {
    expect(await as(app, 1, `select tenant_id from ${table}`), table).toHaveLength(1)
    expect(await as(app, 2, `select tenant_id from ${table}`), table).toEqual([])
    expect(await as(app, undefined, `select tenant_id from ${table}`), table).toEqual([])
    expect(await as(reader, undefined, `select tenant_id from ${table}`), table).toHaveLength(1)
  }
  const find = "find_blocks(1, '{1}', null, -1, 1)"
  expect(await as(app, 1, `select * from ${find}`)).toHaveLength(1)
  await expect(as(app, 2, `select * from ${find}`)).rejects.toThrow('not this tenant')
  await expect(as(app, undefined, `select * from ${find}`)).rejects.toThrow('not this tenant')
  await expect(as(reader, undefined, `select * from ${find}`)).rejects.toThrow('permission denied')
  expect(await as(reader, undefined, "select * from find_blocks_everywhere('{1}', -1, 1)")).toHaveLength(1)
  await expect(as(app, 1, "select * from find_blocks_everywhere('{1}', -1, 1)")).rejects.toThrow('permission denied')
  const any = "find_blocks_any(1, '{1,2}', -1, 1)"
  expect(await as(app, 1, `select hits from ${any}`)).toEqual([{ hits: [1] }])
  for (const tenant of [2, undefined])
    await expect(as(app, tenant, `select * from ${any}`)).rejects.toThrow('not this tenant')
  await expect(as(reader, undefined, `select * from ${any}`)).rejects.toThrow('permission denied')
  expect(await as(reader, undefined, "select * from find_blocks_any_everywhere('{1}', -1, 1)")).toHaveLength(1)
  await expect(as(app, 1, "select * from find_blocks_any_everywhere('{1}', -1, 1)")).rejects.toThrow(
    'permission denied',
  )
  await expect(as(app, 1, "insert into hosts (tenant_id, hostname) values (2, 'x')")).rejects.toThrow(
    'row-level security',
  )
  await expect(as(app, 1, 'delete from audit_events')).rejects.toThrow('permission denied')
  await expect(as(app, 1, "update audit_events set action = 'x'")).rejects.toThrow('permission denied')
  await expect(as(reader, undefined, 'delete from hosts')).rejects.toThrow('permission denied')
  await expect(as(evidence, undefined, 'select * from hosts')).rejects.toThrow('permission denied')
  await expect(as(app, 1, 'insert into blocks select * from blocks')).rejects.toThrow('permission denied')
  await client.end()
}
