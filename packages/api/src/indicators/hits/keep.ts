import { sql } from 'kysely'
import { notify } from '../../notifications/queries.ts'
import type { TenantScope } from '../../scope.ts'
import { folded } from '../../evidence/terms.ts'
import { hushThese, lockHushed } from '../benign/queries.ts'
import type { Match, Matched } from '../matching/find.ts'
import { benignAmong } from '../matching/queries.ts'

const batch = 2000

/** Keeps hits; a row that was matched before is the same hit. Tells who owns the list of new ones. */
export async function keepHits(scope: TenantScope, { matches, hushed }: Matched) {
  const found = matches.flatMap(({ indicator, hits }) =>
    hits.map((hit) => ({
      owner: indicator.ownerTenantId,
      indicator: indicator.id,
      host: hit.hostId,
      collection: hit.collectionId,
      source: hit.sourceId,
      row: hit.row,
      time: Math.round(hit.time),
    })),
  )
  const fresh = new Set<number>()
  let kept = 0
  for (let at = 0; at < found.length; at += batch) {
    const { rows } = await sql<{ indicatorId: number }>`
insert into indicator_hits (tenant_id, owner_tenant_id, indicator_id, host_id, collection_id, source_id, row_number, event_micros)
select ${scope.tenantId}::int, w.owner, w.indicator, w.host, w.collection, w.source, w."row", w."time"
from jsonb_to_recordset(${JSON.stringify(found.slice(at, at + batch))}::jsonb) as w(owner int, indicator bigint, host bigint,
  collection bigint, source int, "row" bigint, "time" bigint)
on conflict (tenant_id, indicator_id, collection_id, source_id, row_number) do nothing returning indicator_id`.execute(
      scope.db,
    )
    kept += rows.length
    for (const { indicatorId } of rows) fresh.add(indicatorId)
  }
  const news = matches.filter(({ indicator }) => fresh.has(indicator.id))
  const meanwhile = await benignMeanwhile(scope, news, hushed)
  await tell(
    scope,
    news.filter(({ indicator }) => !meanwhile.has(folded(indicator.value))),
  )
  return kept
}

/** A value may have come onto a benign list since its rows were looked for. */
async function benignMeanwhile(scope: TenantScope, news: Match[], hushed: Matched['hushed']) {
  if (news.length === 0 && hushed.length === 0) return new Map<string, string>()
  await lockHushed(scope)
  const asked = [...news.map(({ indicator }) => indicator), ...hushed]
  const benign = await benignAmong(
    scope,
    asked.map(({ value }) => value),
  )
  await hushThese(
    scope,
    asked.filter(({ value }) => benign.has(folded(value))),
  )
  return benign
}

async function tell(scope: TenantScope, matches: Match[]) {
  for (const [listId, ofList] of Map.groupBy(matches, ({ indicator }) => indicator.listId)) {
    const link = `/indicators?list=${listId}`
    const { rows: people } = await sql<{ id: number; name: string }>`
select u.id, l.name from indicator_lists l join users u on u.tenant_id = ${scope.tenantId} and u.is_active
  and case when l.tenant_id = u.tenant_id and l.owner_id is not null then u.id = l.owner_id else u.role = 'admin' end
where l.id = ${listId} and coalesce(l.valid_from <= now(), true) and (l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))
  and not exists (select from notifications n where n.tenant_id = ${scope.tenantId} and n.user_id = u.id and n.link = ${link} and n.read_at is null)`.execute(
      scope.db,
    )
    const hosts = new Set(ofList.flatMap(({ hits }) => hits.map(({ hostId }) => hostId)))
    const values = ofList.length === 1 ? `“${ofList[0]!.indicator.value.slice(0, 200)}”` : `${ofList.length} indicators`
    for (const { id, name } of people) {
      const words = `${values} of the list “${name}” found on ${hosts.size === 1 ? '1 host' : `${hosts.size} hosts`}`
      await notify(scope, { userId: id, kind: 'indicator', words, link })
    }
  }
}
