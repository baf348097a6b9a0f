import type { z } from 'zod'
import type { Group } from '../engine/collect.ts'
import { AppError } from '../../errors.ts'
import type { ReadScope } from '../../scope.ts'
import type { stackInput } from '../input.ts'
import type { Builtin, FieldRef, Query } from '../language/ast.ts'
import { parseField, parseQuery } from '../language/parse.ts'
import { hostCount, hostsOf, huntedCollections, sourcesOf, tenantsOf } from '../queries.ts'
import { type Bounds, look, planRows, type Searcher } from '../rows.ts'
import { boundsOf } from './bounds.ts'

/** Values of fields, how many rows have them and on how many hosts. */
export interface Stack {
  /** As they were written; null where a row lacks the field. Of arrays, each element counts for its row. */
  values: { values: (string | null)[]; rows: number; hosts: number }[]
  /** How many different ones there are. */
  distinct: number
  /** Matching rows, and those among them that have none of the fields. */
  total: number
  absent: number
  hostsTotal: number
}

interface Wanted {
  fields: FieldRef[]
  order: 'most' | 'fewest'
  limit: number
}

export async function stackRows(searcher: Searcher, input: z.output<typeof stackInput>) {
  const started = performance.now()
  const query = parseQuery(input.query, searcher.now)
  const fields = input.fields.map(parseField)
  if (fields.some((field) => 'builtin' in field && field.builtin === 'time'))
    throw new AppError('BAD_REQUEST', 'time can not be stacked: ask for a histogram', 'unsupported_query')
  const stack = await stackOf(searcher, query, { ...input, fields }, boundsOf(input))
  return { ...stack, tookMs: Math.round(performance.now() - started) }
}

/** Counts all matching rows by the values of fields. */
export async function stackOf(searcher: Searcher, query: Query, wanted: Wanted, bounds: Bounds): Promise<Stack> {
  const { fields, limit } = wanted
  const collect = { kind: 'groups' as const, fields }
  const plan = await planRows(searcher, query, bounds, collect)
  const found = await look(searcher, plan, { collect, counts: true })
  const groups = await named(searcher, fields, [...found.groups.values()])
  const values = firstOf(groups, wanted.order, limit).map((group) => ({
    values: group.values,
    rows: group.rows,
    hosts: group.hosts.size,
  }))
  const hostsTotal = await hostCount(searcher.scope)
  return { values, distinct: groups.length, total: found.total, absent: found.absent, hostsTotal }
}

/** Sorts only what can stand in the answer: a stack may have very many values. */
function firstOf(groups: Group[], order: 'most' | 'fewest', limit: number): Group[] {
  const sign = order === 'most' ? -1 : 1
  const text = ({ values }: Group) => values.join('\n')
  const compare = (a: Group, b: Group) => sign * (a.rows - b.rows) || (text(a) < text(b) ? -1 : 1)
  if (groups.length <= limit) return groups.sort(compare)
  const counts = Float64Array.from(groups, ({ rows }) => sign * rows).sort()
  const worst = counts[limit - 1]!
  return groups
    .filter(({ rows }) => sign * rows <= worst)
    .sort(compare)
    .slice(0, limit)
}

type NamesOf = (id: number) => (string | null)[]

/** Built-in fields are grouped by ids: puts their names, and adds up groups of the same name. */
async function named({ scope }: Searcher, fields: FieldRef[], groups: Group[]): Promise<Group[]> {
  const names: (NamesOf | undefined)[] = []
  for (const field of fields) names.push('builtin' in field ? await namesOfIds(scope, field.builtin) : undefined)
  if (names.every((of) => of === undefined)) return groups
  const all = new Map<string, Group>()
  for (const group of groups) {
    for (const values of namedValues(group.values, names)) {
      const key = JSON.stringify(values)
      const known = all.get(key)
      if (known) {
        known.rows += group.rows
        known.hosts = known.hosts.union(group.hosts)
      } else all.set(key, { ...group, values })
    }
  }
  return [...all.values()]
}

function namedValues(values: (string | null)[], names: (NamesOf | undefined)[]): (string | null)[][] {
  let rows: (string | null)[][] = [[]]
  for (const [i, value] of values.entries()) {
    const of = names[i]
    const texts = of && value !== null ? of(Number(value)) : [value]
    rows = rows.flatMap((before) => (texts.length > 0 ? texts : [null]).map((text) => [...before, text]))
  }
  return rows
}

async function namesOfIds(scope: ReadScope, builtin: Builtin): Promise<NamesOf> {
  if (builtin === 'collection') return (id) => [String(id)]
  if (builtin === 'tenant') return mapOf(await tenantsOf(scope), ({ name }) => [name])
  if (builtin === 'source') return mapOf(await sourcesOf(scope), ({ name }) => [name])
  if (builtin === 'artifact') return mapOf(await sourcesOf(scope), ({ name }) => [name.split('/')[0]!])
  if (builtin === 'hunt') return mapOf(await huntedCollections(scope), ({ huntId }) => [huntId])
  const hosts = await hostsOf(scope)
  if (builtin === 'os') return mapOf(hosts, ({ os }) => [os])
  return builtin === 'label' ? mapOf(hosts, ({ labels }) => labels) : mapOf(hosts, ({ hostname }) => [hostname])
}

function mapOf<T extends { id: number }>(rows: T[], name: (row: T) => (string | null)[]) {
  const byId = new Map(rows.map((row) => [row.id, name(row)]))
  return (id: number) => byId.get(id) ?? []
}
