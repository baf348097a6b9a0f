import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { type BlockKey, inScope, type Run, runColumns } from '../queries.ts'
import type { SourceOfCollection } from '../rules.ts'

export interface FrameKey extends BlockKey {
  frame: number
}

/** Frames of blocks, each only as many bytes as it has. */
export async function framesOf(scope: ReadScope, keys: FrameKey[]): Promise<Map<string, Buffer>> {
  const { rows } = await sql<{ blockId: number; frame: number; bytes: Buffer }>`
    select w.block_id, w.frame,
      substring(b.raw from b.frames[w.frame + 1] + 1 for b.frames[w.frame + 2] - b.frames[w.frame + 1]) as bytes
    from unnest(${keys.map((k) => k.tenantId)}::int[], ${keys.map((k) => k.blockId)}::bigint[], ${keys.map((k) => k.frame)}::int[])
      as w(tenant_id, block_id, frame)
    join blocks b using (tenant_id, block_id)
    where ${inScope(scope, 'b.tenant_id')}
  `.execute(scope.db)
  return new Map(rows.map(({ blockId, frame, bytes }) => [`${blockId}.${frame}`, bytes]))
}

/** Collections whose lines are folded (evidence/folded.ts): their rows came inside other JSON. */
export async function foldedCollections(scope: ReadScope, ids: number[]): Promise<Set<number>> {
  const rows = await scope.db
    .selectFrom('collections')
    .select('id')
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('kind', 'in', ['ingest', 'unnumbered', 'import'])
    .where(sql<boolean>`id = any (${ids}::bigint[])`)
    .execute()
  return new Set(rows.map((row) => row.id))
}

/** What rows are called: hostnames and names of sources by id. */
export async function namesOf(scope: ReadScope, hosts: number[], sources: number[]) {
  const inTenant = sql<boolean>`${inScope(scope, 'tenant_id')}`
  const [hostRows, sourceRows] = [
    await scope.db
      .selectFrom('hosts')
      .select(['id', 'hostname'])
      .where(inTenant)
      .where(sql<boolean>`id = any (${hosts}::bigint[])`)
      .execute(),
    await scope.db
      .selectFrom('sources')
      .select(['id', 'name'])
      .where(inTenant)
      .where(sql<boolean>`id = any (${sources}::int[])`)
      .execute(),
  ]
  return {
    hosts: new Map(hostRows.map((row) => [row.id, row.hostname])),
    sources: new Map(sourceRows.map((row) => [row.id, row.name])),
  }
}

/** Runs of one source of one collection that reach to `from` or beyond, in row order. */
export async function runsFrom(scope: ReadScope, name: SourceOfCollection, from: number, limit: number) {
  const { rows } = await sql<Run>`
    select ${runColumns} from tenants t
    cross join lateral (
      select * from runs r
      where r.tenant_id = t.id and r.collection_id = ${name.collectionId} and r.source_id = ${name.sourceId}
        and r.first_row >= coalesce((
          select max(p.first_row) from runs p
          where p.tenant_id = t.id and p.collection_id = ${name.collectionId} and p.source_id = ${name.sourceId} and p.first_row <= ${from}
        ), 0)
      order by r.first_row limit ${limit}
    ) r
    where ${inScope(scope, 't.id')}
    order by r.first_row
  `.execute(scope.db)
  return rows.filter((run) => run.firstRow + run.n > from)
}

/** How many rows of a source a collection holds; undefined when there is no such thing. */
export async function storedRows(scope: ReadScope, name: SourceOfCollection) {
  return scope.db
    .selectFrom('collectionSources')
    .select(['tenantId', 'rowsStored'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('collectionId', '=', name.collectionId)
    .where('sourceId', '=', name.sourceId)
    .executeTakeFirst()
}

/** Paths of a source's fields, in the order in which they were first seen. */
export async function fieldsOf(scope: ReadScope, sourceId: number): Promise<string[][]> {
  const rows = await scope.db
    .selectFrom('fields')
    .select('path')
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('sourceId', '=', sourceId)
    .orderBy('id')
    .execute()
  return rows.map((row) => JSON.parse(row.path) as string[])
}
