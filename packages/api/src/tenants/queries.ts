import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record, recordApart } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { beyond, page, type Place } from '../keyset.ts'
import { inEveryTenant, inTenant, type Actor, type Origin } from '../scope.ts'

const shown = ['id', 'name', 'description', 'createdAt'] as const

interface Wanted {
  id?: number | undefined
  limit?: number | undefined
  skip?: number | undefined
  cursor?: Place | undefined
}

/** Tenants are read by the reader role, over every tenant: that use is audited before the answer. */
async function readTenants(database: Database, actor: Actor, origin: Origin, { id, limit, skip, cursor }: Wanted) {
  const procedure = id === undefined ? 'tenants.list' : 'tenants.get'
  await recordApart(database.db, { tenantId: actor.tenantId, actor, origin }, 'read across tenants', { procedure })
  return inEveryTenant(
    database,
    actor,
    ({ db }) =>
      db
        .selectFrom('tenants')
        .select(shown)
        .select((eb) => [
          eb
            .selectFrom('users')
            .select(eb.fn.countAll<number>().as('n'))
            .whereRef('users.tenantId', '=', 'tenants.id')
            .where('isActive', '=', true)
            .as('users'),
          eb
            .selectFrom('hosts')
            .select(eb.fn.countAll<number>().as('n'))
            .whereRef('hosts.tenantId', '=', 'tenants.id')
            .as('hosts'),
        ])
        .$if(id !== undefined, (q) => q.where('id', '=', id!))
        .$if(cursor !== undefined, (q) => q.where(beyond(sql.ref('name'), sql.ref('id'), cursor!, 'text', 'asc')))
        .$if(limit !== undefined, (q) => q.limit(limit! + 1))
        .offset(skip ?? 0)
        .orderBy('name')
        .orderBy('id')
        .execute(),
    { origin },
  )
}

/** By name; all of them without a limit. */
export async function listTenants(database: Database, actor: Actor, origin: Origin, wanted: Wanted = {}) {
  const rows = await readTenants(database, actor, origin, wanted)
  return page(rows, wanted.limit ?? rows.length, (row) => row.name)
}

export async function getTenant(database: Database, actor: Actor, origin: Origin, id: number) {
  const [tenant] = await readTenants(database, actor, origin, { id })
  if (!tenant) throw notFound('tenant')
  return tenant
}

interface Naming {
  name: string
  description: string
}

/** Runs in the new tenant's own scope: nothing else may write there. Recorded on both sides. */
export async function createTenant(database: Database, actor: Actor, origin: Origin, { name, description }: Naming) {
  const { rows } = await sql<{ id: number }>`select nextval('tenants_id_seq')::int as id`.execute(database.db)
  const id = rows[0]!.id
  await inTenant(
    database.db,
    id,
    async (scope) => {
      await taken(scope.db.insertInto('tenants').values({ id, name, description }).execute())
      await record(scope, 'tenant.create', { tenant: id, name })
    },
    { actor, origin },
  )
  await recordApart(database.db, { tenantId: actor.tenantId, actor, origin }, 'tenant.create', { tenant: id, name })
  return { id, name, description }
}

export const updateTenant = (
  database: Database,
  actor: Actor,
  origin: Origin,
  { id, ...change }: Partial<Naming> & { id: number },
) =>
  inTenant(
    database.db,
    id,
    async (scope) => {
      const query = scope.db.updateTable('tenants').set(change).where('id', '=', id).returning(shown)
      const tenant = await taken(query.executeTakeFirst())
      if (!tenant) throw notFound('tenant')
      await record(scope, 'tenant.update', { tenant: id, ...change })
      return tenant
    },
    { actor, origin },
  )

const uniqueViolation = '23505'
const taken = <T>(query: Promise<T>) =>
  query.catch((error: unknown) => {
    if ((error as { code?: string }).code === uniqueViolation)
      throw new AppError('CONFLICT', 'This name is not available', 'taken')
    throw error
  })
