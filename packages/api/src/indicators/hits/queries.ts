import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { createArtifact } from '../../artifacts/queries.ts'
import { createCase } from '../../cases/queries.ts'
import { addCaseRows } from '../../cases/rows/queries.ts'
import { AppError, notFound } from '../../errors.ts'
import { timeText } from '../../rows/lines/lines.ts'
import { parseRowId } from '../../rows/rules.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { IndicatorKind } from '../input.ts'

/** Not a row without a number whose numbered copy is here: that one is the hit. */
export const standing = sql<boolean>`not exists (select from runs r where r.tenant_id = h.tenant_id and r.collection_id = h.collection_id
  and r.source_id = h.source_id and r.first_row <= h.row_number and r.first_row + r.n > h.row_number and r.superseded)`

/** Its value stands on a benign list of the tenant. */
export const hushed = sql<boolean>`exists (select from hushed_indicators q where q.tenant_id = h.tenant_id
  and q.owner_tenant_id = h.owner_tenant_id and q.indicator_id = h.indicator_id)`

const inScope = (scope: ReadScope) =>
  scope.tenantId === 'all' ? sql<boolean>`true` : sql<boolean>`h.tenant_id = ${scope.tenantId}`

/** Of indicators that are still on a list, and have begun to count. */
const hits = (scope: ReadScope) =>
  scope.db
    .selectFrom('indicatorHits as h')
    .innerJoin('indicators as i', (join) =>
      join.onRef('i.tenantId', '=', 'h.ownerTenantId').onRef('i.id', '=', 'h.indicatorId'),
    )
    .innerJoin('indicatorLists as l', (join) =>
      join.onRef('l.tenantId', '=', 'i.tenantId').onRef('l.id', '=', 'i.listId'),
    )
    .where(inScope(scope))
    .where('i.deletedAt', 'is', null)
    .where('l.deletedAt', 'is', null)
    .where('l.benign', '=', false)
    .where(sql<boolean>`coalesce(i.valid_from <= now(), true) and coalesce(l.valid_from <= now(), true)`)
    .where(standing)
    .where(sql<boolean>`not ${hushed}`)

/** The case that an indicator was promoted from; another tenant's case is nobody's business. */
export const fromCase = (scope: ReadScope) => sql<{ id: number; title: string } | null>`(
  select json_build_object('id', c.id, 'title', c.title) from cases c where c.tenant_id = i.tenant_id
    and ${scope.tenantId === 'all' ? sql`true` : sql`c.tenant_id = ${scope.tenantId}`}
    and c.id = (i.origin->>'case')::bigint and c.deleted_at is null)`

const rowName = sql<string>`h.collection_id || '.' || h.source_id || '.' || h.row_number`

export interface HitsFilter {
  listId?: number | undefined
  hostId?: number | undefined
  open: boolean
  limit: number
}

/** One line for each indicator, on however many hosts it stands: the highest severity first, then the newest. */
export async function groupedHits(scope: ReadScope, { listId, hostId, open, limit }: HitsFilter) {
  const some = hits(scope)
    .$if(listId !== undefined, (q) => q.where('i.listId', '=', listId!))
    .$if(hostId !== undefined, (q) => q.where('h.hostId', '=', hostId!))
    .$if(open, (q) => q.where('h.acknowledgedAt', 'is', null))
  const groups = await some
    .select(['i.id', 'i.listId', 'i.kind', 'i.match', 'i.value', 'l.name as list', 'l.severity'])
    .select(({ fn }) => [
      fn.countAll<number>().as('rows'),
      sql<number>`count(distinct h.host_id)`.as('hosts'),
      sql<number>`count(*) filter (where h.acknowledged_at is null)`.as('open'),
      sql<number>`min(h.event_micros)`.as('first'),
      sql<number>`max(h.event_micros)`.as('last'),
      sql<string>`(array_agg(${rowName} order by h.event_micros desc, h.id desc))[1]`.as('row'),
      sql<number>`(array_agg(h.host_id order by h.event_micros desc, h.id desc))[1]`.as('hostId'),
      sql<number>`(array_agg(h.tenant_id order by h.event_micros desc, h.id desc))[1]`.as('tenantId'),
      sql<number[]>`coalesce(json_agg(distinct h.case_id) filter (where h.case_id is not null), '[]')`.as('cases'),
      fromCase(scope).as('fromCase'),
    ])
    .groupBy(['i.id', 'i.tenantId', 'i.listId', 'i.kind', 'i.match', 'i.value', 'i.origin', 'l.name', 'l.severity'])
    .orderBy('l.severity', 'desc')
    .orderBy('last', 'desc')
    .orderBy('i.id')
    .limit(limit)
    .execute()
  const { total, rows } = await some
    .select([sql<number>`count(distinct i.id)`.as('total'), sql<number>`count(*)`.as('rows')])
    .executeTakeFirstOrThrow()
  const hosts = await hostNames(
    scope,
    groups.map((group) => group.hostId),
  )
  return {
    rows: groups.map(({ first, last, ...group }) => ({
      ...group,
      host: hosts.get(group.hostId) ?? '',
      first: timeText(first),
      last: timeText(last),
    })),
    total,
    hits: rows,
  }
}

async function hostNames(scope: ReadScope, ids: number[]) {
  const rows = await scope.db
    .selectFrom('hosts')
    .select(['id', 'hostname'])
    .where(scope.tenantId === 'all' ? sql<boolean>`true` : sql<boolean>`tenant_id = ${scope.tenantId}`)
    .where(sql<boolean>`id = any (${ids}::bigint[])`)
    .execute()
  return new Map(rows.map((row) => [row.id, row.hostname]))
}

/** What stands in rows, by their names. */
export async function hitsOf(scope: ReadScope, names: string[]) {
  const wanted = JSON.stringify(names.map((name) => parseRowId(name)!))
  const rows = await hits(scope)
    .where(
      sql<boolean>`(h.collection_id, h.source_id, h.row_number) in (select w."collectionId", w."sourceId", w."row" from
        jsonb_to_recordset(${wanted}::jsonb) as w("collectionId" bigint, "sourceId" int, "row" bigint))`,
    )
    .select(rowName.as('row'))
    .select([
      'i.id',
      'i.listId',
      'i.kind',
      'i.match',
      'i.value',
      'l.name as list',
      'l.severity',
      'l.tlp',
      'h.acknowledgedAt',
      'h.acknowledgedBy',
      'h.caseId',
    ])
    .select(fromCase(scope).as('fromCase'))
    .orderBy('i.id')
    .limit(2000)
    .execute()
  return { rows }
}

/** Marks the open hits of indicators as seen by somebody. */
export async function acknowledge(scope: TenantScope, indicators: number[], hostId: number | undefined) {
  const done = await scope.db
    .updateTable('indicatorHits')
    .set({ acknowledgedAt: sql<Date>`now()`, acknowledgedBy: scope.actor?.username ?? null })
    .where('tenantId', '=', scope.tenantId)
    .where(sql<boolean>`indicator_id = any (${indicators}::bigint[])`)
    .$if(hostId !== undefined, (q) => q.where('hostId', '=', hostId!))
    .where('acknowledgedAt', 'is', null)
    .returning('id')
    .execute()
  if (done.length > 0)
    await record(scope, 'indicators.acknowledge', { indicators: indicators.map(String), hits: done.length })
  return { acknowledged: done.length }
}

const mostCaseRows = 200

/** Makes a case of hits, or adds them to one: their newest rows as evidence, their values as its artifacts. */
export async function hitsToCase(
  scope: TenantScope,
  { indicators, caseId, title }: { indicators: number[]; caseId?: number | undefined; title?: string | undefined },
) {
  const found = await hits(scope)
    .where(sql<boolean>`i.id = any (${indicators}::bigint[])`)
    .where(sql<boolean>`exists (select from runs r where r.tenant_id = h.tenant_id and r.collection_id = h.collection_id
      and r.source_id = h.source_id and r.first_row <= h.row_number and r.first_row + r.n > h.row_number)`)
    .select(['i.id', 'i.kind', 'i.value', 'l.name as list', 'l.severity', rowName.as('row')])
    .orderBy('h.eventMicros', 'desc')
    .limit(mostCaseRows + 1)
    .execute()
  const isMore = found.splice(mostCaseRows).length > 0
  if (found.length === 0) throw notFound('hit')
  const id = caseId ?? (await caseOf(scope, found[0]!, title)).id
  const rows = [...new Set(found.map(({ row }) => row))]
  const { added } = await addCaseRows(
    scope,
    id,
    rows.map((row) => parseRowId(row)!),
  )
  await addArtifacts(scope, id, [...new Map(found.map((one) => [one.id, one])).values()])
  await scope.db
    .updateTable('indicatorHits')
    .set({ caseId: id })
    .where('tenantId', '=', scope.tenantId)
    .where(sql<boolean>`indicator_id = any (${indicators}::bigint[])`)
    .execute()
  await acknowledge(scope, indicators, undefined)
  return { caseId: id, added, isMore }
}

interface Hit {
  kind: IndicatorKind
  value: string
  list: string
  severity: 'low' | 'medium' | 'high' | 'critical'
}

const caseOf = (scope: TenantScope, { value, severity, list }: Hit, title: string | undefined) =>
  createCase(scope, {
    title: title ?? `${value.slice(0, 200)} was found`,
    description: `From hits of the indicator list “${list}”.`,
    status: 'open',
    severity,
  })

async function addArtifacts(scope: TenantScope, caseId: number, found: Hit[]) {
  for (const { kind, value, list } of found) {
    const known = await scope.db
      .selectFrom('artifacts')
      .select('id')
      .where('tenantId', '=', scope.tenantId)
      .where('caseId', '=', caseId)
      .where('value', '=', value)
      .executeTakeFirst()
    if (known) continue
    if (value.length > 20_000) throw new AppError('BAD_REQUEST', 'The value is too long for an artifact')
    await createArtifact(scope, { caseId, artifactType: kind, value, description: `On the indicator list “${list}”` })
  }
}
