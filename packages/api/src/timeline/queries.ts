import { sql } from 'kysely'
import { record } from '../audit.ts'
import { eventTimePaths } from '../evidence/times.ts'
import { notFound } from '../errors.ts'
import { inScope } from '../rows/queries.ts'
import { type KnownField } from '../rows/naming/queries.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

export interface HostSource {
  id: number
  name: string
  /** The field that somebody chose to place its rows. */
  timeField: string | null
}

/** A host's sources, by name. NOT_FOUND where the scope has no such host. */
export async function sourcesOfHost(scope: ReadScope, hostId: number): Promise<HostSource[]> {
  const { rows } = await sql<HostSource>`
    select s.id, s.name, s.time_field from sources s
    where ${inScope(scope, 's.tenant_id')} and s.id in (
      select r.source_id from runs r where ${inScope(scope, 'r.tenant_id')} and r.host_id = ${hostId}
    ) order by s.name, s.id
  `.execute(scope.db)
  if (rows.length === 0) await hostOf(scope, hostId)
  return rows
}

export async function hostOf(scope: ReadScope, hostId: number) {
  const host = await scope.db
    .selectFrom('hosts')
    .select(['id', 'tenantId', 'hostname'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('id', '=', hostId)
    .executeTakeFirst()
  if (!host) throw notFound('host')
  return host
}

/** Fields of sources that can tell when a row's event happened, and those that are named. */
export async function timeFieldsOf(scope: ReadScope, sources: HostSource[]): Promise<KnownField[]> {
  const paths = [...eventTimePaths.map((path) => JSON.stringify(path)), ...sources.flatMap((s) => s.timeField ?? [])]
  return fieldsWhere(scope, sources, sql`f.path = any (${paths}::text[])`)
}

/** Names of fields by their numbers. */
export async function fieldsById(scope: ReadScope, sources: Pick<HostSource, 'id'>[], ids: number[]) {
  if (ids.length === 0) return []
  return fieldsWhere(scope, sources, sql`f.id = any (${ids}::int[])`)
}

async function fieldsWhere(scope: ReadScope, sources: Pick<HostSource, 'id'>[], which: ReturnType<typeof sql>) {
  const { rows } = await sql<{ sourceId: number; id: number; path: string }>`
    select f.source_id, f.id, f.path from fields f
    where ${inScope(scope, 'f.tenant_id')} and f.source_id = any (${sources.map(({ id }) => id)}::int[]) and ${which}
  `.execute(scope.db)
  return rows.map(({ sourceId, id, path }): KnownField => ({
    sourceId,
    fieldId: id,
    path: JSON.parse(path) as string[],
  }))
}

/** When something came from a host last; null where nothing did. */
export async function collectedUntil(scope: ReadScope, hostId: number): Promise<Date | null> {
  const { at } = await scope.db
    .selectFrom('collections')
    .select(({ fn }) => fn.max('updatedAt').as('at'))
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('hostId', '=', hostId)
    .executeTakeFirstOrThrow()
  return at
}

/** Chooses the field that places a source's rows on timelines. */
export async function setTimeField(
  scope: TenantScope,
  { sourceId, field }: { sourceId: number; field: string | null },
) {
  const saved = await scope.db
    .updateTable('sources')
    .set({ timeField: field })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', sourceId)
    .where((eb) =>
      field === null
        ? eb.lit(true)
        : eb.exists(
            eb
              .selectFrom('fields')
              .select('fields.id')
              .where('fields.tenantId', '=', scope.tenantId)
              .where('fields.sourceId', '=', sourceId)
              .where('fields.path', '=', field),
          ),
    )
    .returning(['id', 'name', 'timeField'])
    .executeTakeFirst()
  if (!saved) throw notFound('field of a source')
  await record(scope, 'source.timeField', { source: sourceId, name: saved.name, field })
  return saved
}
