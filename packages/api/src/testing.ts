import { testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { createCaller } from './index.ts'
import type { Role } from './permissions.ts'
import type { Services } from './services.ts'

export const testServices: Services = {
  secretKey: new Uint8Array(32).fill(7),
  accessTokenMinutes: 30,
  registration: 'first',
  publicUrl: 'http://127.0.0.1:8000',
  version: '0.0.0',
  setupCode: undefined,
  now: () => new Date(),
  warnings: () => [],
  count: () => {},
}

/** A fresh database, tenants in it, and callers of each role: what a test of a feature starts from. */
export async function testBed() {
  const database = await testDatabase()
  const root = new pg.Client(database.superUrl)
  await root.connect()
  const one = async <T>(text: string, values: unknown[]) => (await root.query(text, values)).rows[0] as T

  const callerOf = async (tenantId: number, role: Role, username = `${role}-${tenantId}-${crypto.randomUUID()}`) => {
    const { id } = await one<{ id: number }>(
      'insert into users (tenant_id, username, role) values ($1, $2, $3) returning id',
      [tenantId, username, role],
    )
    const actor = { userId: id, username, tenantId, role }
    return createCaller({ database, services: testServices, actor, origin: {} })
  }
  const tenant = async () =>
    (await one<{ id: number }>('insert into tenants (name) values ($1) returning id', [crypto.randomUUID()])).id
  const close = async () => {
    await root.end()
    await database.close()
  }
  return { database, services: testServices, root, one, tenant, callerOf, close }
}

export type TestBed = Awaited<ReturnType<typeof testBed>>
