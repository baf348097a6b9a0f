import type { z } from 'zod'
import type { Names } from '../engine/finish.ts'
import type { Order, Ranked } from '../engine/ranked.ts'
import { AppError } from '../../errors.ts'
import type { ReadScope } from '../../scope.ts'
import type { stackInput } from '../input.ts'
import { type Builtin, type FieldRef, type Query, isTriage } from '../language/ast.ts'
import { parseField, parseQuery } from '../language/parse.ts'
import { timeText } from '../lines/lines.ts'
import { microsOfIso } from '../rules.ts'
import { hostCount, hostsOf, huntedCollections, sourcesOf, tenantsOf } from '../naming/queries.ts'
import { type Bounds, look, planRows, type Searcher } from '../rows.ts'
import { boundsOf } from './bounds.ts'

/** Values of fields, how many rows have them and on how many hosts. */
export interface Stack {
  /** As they were written; null where a row lacks the field. Of arrays, each element counts for its row. */
  values: {
    values: (string | null)[]
    rows: number
    hosts: number
    /** Event time of its first row, RFC3339; with `first` alone. */
    first?: string
    /** Of its last row, and how many it has on each of seven days, the oldest first; with `last` alone. */
    last?: string
    days?: number[]
    /** How many tenants' hosts it was seen on; with `tenants` alone. */
    tenants?: number
  }[]
  /** How many different ones there are. */
  distinct: number
  /** Matching rows, and those among them that have none of the fields. */
  total: number
  absent: number
  /** Rows that match and are hidden as benign. */
  hidden: number
  hostsTotal: number
  tenantsTotal?: number
  /** The last of the seven days, as 2026-11-24; with `last` alone. */
  lastDay?: string
  /** How many were shown, where there are more. */
  nextCursor: number | null
}

interface Wanted {
  fields: FieldRef[]
  order: Order
  limit: number
  /** How many of them were shown before. */
  skip?: number
  first?: boolean | undefined
  last?: boolean | undefined
  tenants?: boolean | undefined
}

export async function stackRows(searcher: Searcher, input: z.output<typeof stackInput>) {
  const started = performance.now()
  const query = { ...parseQuery(input.query, searcher.now), hideBenign: input.hideBenign }
  const fields = input.fields.map(parseField)
  if (fields.some((field) => 'builtin' in field && field.builtin === 'time'))
    throw new AppError('BAD_REQUEST', 'time can not be stacked: ask for a histogram', 'unsupported_query')
  if (fields.some(isTriage))
    throw new AppError(
      'BAD_REQUEST',
      'mark, tag, indicator and benign can not be stacked: ask for mark:, tag:, indicator: or benign:',
      'unsupported_query',
    )
  const stack = await stackOf(searcher, query, { ...input, fields, skip: input.cursor ?? 0 }, boundsOf(input))
  return { ...stack, tookMs: Math.round(performance.now() - started) }
}

/** Counts all matching rows by the values of fields. */
export async function stackOf(searcher: Searcher, query: Query, wanted: Wanted, bounds: Bounds): Promise<Stack> {
  const { fields, limit, skip = 0, first } = wanted
  const lastDay = wanted.last ? lastDayOf(searcher, bounds) : undefined
  const last = lastDay === undefined ? undefined : { daysEnd: microsOfIso(`${lastDay}T00:00:00Z`) + dayMicros }
  const collect = { kind: 'groups' as const, fields, first, last }
  const plan = await planRows(searcher, query, bounds, collect)
  const names: (Names | undefined)[] = []
  for (const field of fields)
    names.push('builtin' in field ? await namesOfIds(searcher.scope, field.builtin) : undefined)
  const tenantOf = wanted.tenants ? await tenantOfHosts(searcher.scope) : undefined
  const found = await look(searcher, plan, {
    finish: { kind: 'groups', order: wanted.order, limit: skip + limit, names, tenantOf },
    counts: true,
  })
  const hostsTotal = await hostCount(searcher.scope)
  const { values, distinct } = found.groups!
  const nextCursor = values.length > skip && values.length < distinct ? values.length : null
  const { total, absent, hidden } = found
  const tenantsTotal = wanted.tenants && { tenantsTotal: (await tenantsOf(searcher.scope)).length }
  return {
    values: values.slice(skip).map(shown),
    distinct,
    total,
    absent,
    hidden,
    hostsTotal,
    ...tenantsTotal,
    ...(lastDay !== undefined && { lastDay }),
    nextCursor,
  }
}

const dayMicros = 86_400e6

/** Today, or the last day of a range that ended before. */
function lastDayOf({ now }: Searcher, { to }: Bounds) {
  const end = Math.min(now.getTime() * 1000 + 1, to)
  return timeText(end - 1).slice(0, 10)
}

const shown = ({ first, last, ...rest }: Ranked['values'][number]) => ({
  ...rest,
  ...(first !== undefined && { first: timeText(first) }),
  ...(last !== undefined && { last: timeText(last) }),
})

const tenantOfHosts = async (scope: ReadScope) =>
  new Map((await hostsOf(scope)).map(({ id, tenantId }) => [id, tenantId]))

async function namesOfIds(scope: ReadScope, builtin: Builtin): Promise<Names | undefined> {
  if (builtin === 'collection') return undefined
  if (builtin === 'tenant') return mapOf(await tenantsOf(scope), ({ name }) => [name])
  if (builtin === 'source') return mapOf(await sourcesOf(scope), ({ name }) => [name])
  if (builtin === 'artifact') return mapOf(await sourcesOf(scope), ({ name }) => [name.split('/')[0]!])
  if (builtin === 'hunt') return mapOf(await huntedCollections(scope), ({ huntId }) => [huntId])
  const hosts = await hostsOf(scope)
  if (builtin === 'os') return mapOf(hosts, ({ os }) => [os])
  return builtin === 'label' ? mapOf(hosts, ({ labels }) => labels) : mapOf(hosts, ({ hostname }) => [hostname])
}

const mapOf = <T extends { id: number }>(rows: T[], name: (row: T) => (string | null)[]): Names =>
  new Map(rows.map((row) => [row.id, name(row)]))
