import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { inScope } from '../queries.ts'

/** Hosts by hostname, FQDN or client id, in any case. */
export async function hostIdsOf(scope: ReadScope, name: string): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from hosts
    where ${inScope(scope, 'tenant_id')}
      and (lower(hostname) = lower(${name}) or lower(fqdn) = lower(${name}) or lower(client_id) = lower(${name}))
  `.execute(scope.db)
  return rows.map((row) => row.id)
}

export interface KnownField {
  sourceId: number
  fieldId: number
  path: string[]
}

/**
 * Fields whose path begins like one of the names: the names' own, those below them, and those above, which may hold them in an
 * array. The folding of other than ASCII letters is JavaScript's, so those paths are all given, as are those with half a character.
 */
export async function fieldsLike(
  scope: ReadScope,
  names: string[],
  sources: number[] | undefined,
): Promise<KnownField[]> {
  const starts = names.map((name) => `["${JSON.stringify(name.split('.')[0]).slice(1, -1)}`)
  const { rows } = await sql<{ sourceId: number; id: number; path: string }>`
    select f.source_id, f.id, f.path from fields f
    where ${inScope(scope, 'f.tenant_id')} and (${sources ?? null}::int[] is null or f.source_id = any (${sources ?? []}::int[]))
      and (exists (select from unnest(${starts}::text[]) s where starts_with(lower(f.path collate "C"), s)) or f.path ~ '[^[:ascii:]]' or strpos(f.path, '\\ud') > 0)
  `.execute(scope.db)
  return rows.map(({ sourceId, id, path }) => ({ sourceId, fieldId: id, path: JSON.parse(path) as string[] }))
}

/** What hosts are called, and what is known of them. */
export async function hostsOf(scope: ReadScope) {
  return scope.db
    .selectFrom('hosts')
    .select(['id', 'tenantId', 'hostname', 'fqdn', 'clientId', 'os', 'labels'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .execute()
}

export async function sourcesOf(scope: ReadScope) {
  return scope.db
    .selectFrom('sources')
    .select(['id', 'tenantId', 'name'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .execute()
}

/** Collections that a Velociraptor hunt made. */
export async function huntedCollections(scope: ReadScope) {
  const rows = await scope.db
    .selectFrom('collections')
    .select(['id', 'huntId'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('huntId', 'is not', null)
    .execute()
  return rows.map(({ id, huntId }) => ({ id, huntId: huntId! }))
}

export async function tenantsOf(scope: ReadScope) {
  return scope.db
    .selectFrom('tenants')
    .select(['id', 'name'])
    .where(sql<boolean>`${inScope(scope, 'id')}`)
    .execute()
}

export async function hostCount(scope: ReadScope): Promise<number> {
  const { n } = await scope.db
    .selectFrom('hosts')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .executeTakeFirstOrThrow()
  return n
}

/** Paths of all fields, each once; of a flood of them, some. */
export async function fieldPaths(scope: ReadScope): Promise<string[][]> {
  const rows = await scope.db
    .selectFrom('fields')
    .select('path')
    .distinct()
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .limit(20_000)
    .execute()
  return rows.map(({ path }) => JSON.parse(path) as string[])
}
