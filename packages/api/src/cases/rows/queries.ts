import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { lockCase } from '../queries.ts'
import { notFound } from '../../errors.ts'
import type { TenantScope } from '../../scope.ts'
import type { RowName } from '../../rows/rules.ts'

/**
 * Holds rows in a case: retention leaves them from now on. All of them or none: a row that is not stored is NOT_FOUND. One
 * that the case holds already stays as it is.
 */
export async function addCaseRows(scope: TenantScope, caseId: number, names: RowName[], note = '') {
  const { db, tenantId } = scope
  await lockCase(scope, caseId)
  const wanted = JSON.stringify(names.map((n) => ({ collection: n.collectionId, source: n.sourceId, row: n.row })))
  const given = sql`jsonb_to_recordset(${wanted}::jsonb) as w(collection bigint, source int, "row" bigint)`
  // Retention takes the same locks before it looks for cases: what is found stored below stays.
  await sql`
select from collection_sources where tenant_id = ${tenantId} and (collection_id, source_id) in (select w.collection, w.source from ${given})
order by collection_id, source_id for share`.execute(db)
  const { rows: lost } = await sql`
select from ${given} where not exists (select from runs r where r.tenant_id = ${tenantId} and r.collection_id = w.collection
  and r.source_id = w.source and r.first_row <= w."row" and r.first_row + r.n > w."row")
limit 1`.execute(db)
  if (lost.length > 0) throw notFound('row')
  const by = scope.actor?.tenantId === tenantId ? scope.actor.userId : null
  const { rows: added } = await sql`
insert into case_rows (tenant_id, case_id, collection_id, source_id, row_number, added_by, note)
select ${tenantId}::int, ${caseId}::bigint, w.collection, w.source, w."row", ${by}::bigint, ${note}::text from ${given}
on conflict do nothing returning row_number`.execute(db)
  if (added.length > 0) await record(scope, 'case.addRows', { case: caseId, rows: added.length })
  return { added: added.length }
}

/** Lets rows go: retention may remove them. */
export async function removeCaseRows(scope: TenantScope, caseId: number, names: RowName[]) {
  await lockCase(scope, caseId)
  const wanted = JSON.stringify(names.map((n) => ({ collection: n.collectionId, source: n.sourceId, row: n.row })))
  const { rows: removed } = await sql`
delete from case_rows c using jsonb_to_recordset(${wanted}::jsonb) as w(collection bigint, source int, "row" bigint)
where c.tenant_id = ${scope.tenantId} and c.case_id = ${caseId} and c.collection_id = w.collection and c.source_id = w.source
  and c.row_number = w."row" returning c.row_number`.execute(scope.db)
  if (removed.length > 0) await record(scope, 'case.removeRows', { case: caseId, rows: removed.length })
  return { removed: removed.length }
}

/** The rows that a case holds, by their names, the last added first. */
export async function listCaseRows(scope: TenantScope, caseId: number, limit: number) {
  const home = await scope.db
    .selectFrom('cases')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', caseId)
    .where('deletedAt', 'is', null)
    .executeTakeFirst()
  if (!home) throw notFound('case')
  const held = scope.db
    .selectFrom('caseRows as r')
    .where('r.tenantId', '=', scope.tenantId)
    .where('r.caseId', '=', caseId)
  const rows = await held
    .innerJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'r.tenantId').onRef('s.id', '=', 'r.sourceId'))
    .innerJoin('collections as c', (join) =>
      join.onRef('c.tenantId', '=', 'r.tenantId').onRef('c.id', '=', 'r.collectionId'),
    )
    .innerJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'c.tenantId').onRef('h.id', '=', 'c.hostId'))
    .leftJoin('users as u', (join) => join.onRef('u.tenantId', '=', 'r.tenantId').onRef('u.id', '=', 'r.addedBy'))
    .select([
      sql<string>`r.collection_id || '.' || r.source_id || '.' || r.row_number`.as('id'),
      'h.hostname as host',
      's.name as source',
      'r.collectionId',
      'r.sourceId',
      'r.note',
      'u.username as addedBy',
      'r.addedAt',
    ])
    .orderBy('r.addedAt', 'desc')
    .orderBy('r.collectionId')
    .orderBy('r.sourceId')
    .orderBy('r.rowNumber')
    .limit(limit)
    .execute()
  const { total } = await held.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { rows, total }
}
