import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import type { TenantScope } from '../../scope.ts'
import { type IndicatorKind, longestValue } from '../input.ts'
import { createList, plainList } from '../queries.ts'
import { whyBroad } from '../recognise/broad/rules.ts'
import { refang } from '../recognise/rules.ts'
import { faultOf } from '../rules.ts'
import { addTo, type Given } from '../values/queries.ts'

interface Promoted {
  artifacts: number[]
  listId?: number | undefined
  name?: string | undefined
  broad: boolean
}

/** Puts artifacts of cases on a list, with the case that they come from. What can't be looked for, or finds too much, is named and left out. */
export async function promote(scope: TenantScope, { artifacts, listId, name, broad }: Promoted) {
  const { db, tenantId } = scope
  const found = await db
    .selectFrom('artifacts as a')
    .innerJoin('cases as c', (join) => join.onRef('c.tenantId', '=', 'a.tenantId').onRef('c.id', '=', 'a.caseId'))
    .where('a.tenantId', '=', tenantId)
    .where(sql<boolean>`a.id = any (${artifacts}::bigint[])`)
    .where('c.deletedAt', 'is', null)
    .select(['a.id', 'a.caseId', 'a.artifactType', 'a.value', 'a.description', 'c.title'])
    .orderBy('a.id')
    .execute()
  if (found.length < new Set(artifacts).size) throw notFound('artifact')
  const leftOut: { value: string; why: string }[] = []
  const given = found.flatMap(({ id, caseId, artifactType, value: kept, description }): Given[] => {
    const kind = artifactType as IndicatorKind
    // A case keeps a value as it was given, a list looks for it.
    const value = refang(kept).trim()
    const long = value.length > longestValue ? `longer than ${longestValue} characters` : undefined
    const why = long ?? faultOf({ kind, match: 'exact', value }) ?? (broad ? undefined : whyBroad({ kind, value }))
    if (why !== undefined) leftOut.push({ value: kept.slice(0, 300), why })
    if (why !== undefined) return []
    const plain = { match: 'exact' as const, tags: [], validFrom: null, validUntil: null }
    return [{ ...plain, kind, value, note: description.slice(0, 5000), origin: { case: caseId, artifact: id } }]
  })
  if (given.length === 0)
    throw new AppError('BAD_REQUEST', leftOut.map(({ value, why }) => `“${value.slice(0, 100)}”: ${why}`).join('; '))
  if (listId === undefined && name === undefined) throw new AppError('BAD_REQUEST', 'Name the new list')
  const source = [...new Map(found.map(({ caseId, title }) => [caseId, `Case ${caseId}: ${title}`])).values()]
  const id =
    listId ?? (await createList(scope, { ...plainList, name: name!, source: source.join('; ').slice(0, 1000) })).id
  const { added, known } = await addTo(scope, id, given)
  await record(scope, 'indicators.promote', { list: id, artifacts: artifacts.map(String), added, known })
  return { listId: id, added, known, leftOut }
}
