import type { FieldRef } from '../language/ast.ts'
import { type Coded, codedOf, type Holder } from './cells.ts'
import type { OpenBlock } from './evaluate.ts'
import { type Pairs, addPair, newPairs } from './pairs.ts'

/** Rows by the values of some fields, each group a number. */
export interface Groups {
  ids: Map<string, number>
  values: (string | null)[][]
  rows: number[]
  hosts: number[]
  /** Which hosts each group was seen on. */
  pairs: Pairs
  /** The first event time of each group, in microseconds since 1970; beyond all times where none was asked for. */
  first: number[]
}

export const newGroups = (): Groups => ({
  ids: new Map(),
  values: [],
  rows: [],
  hosts: [],
  pairs: newPairs(),
  first: [],
})

const mostCombinations = 1000

/** Thrown where a row would stand in too many groups. */
export class TooMany extends Error {}

const keyOf = (values: (string | null)[]) => (values.length === 1 ? values[0]! : JSON.stringify(values))

function idOf(groups: Groups, values: (string | null)[]): number {
  const key = keyOf(values)
  const known = groups.ids.get(key)
  if (known !== undefined) return known
  const id = groups.values.length
  groups.ids.set(key, id)
  groups.values.push(values)
  groups.rows.push(0)
  groups.hosts.push(0)
  groups.first.push(Infinity)
  return id
}

function add(groups: Groups, id: number, rows: number, host: number) {
  groups.rows[id]! += rows
  if (addPair(groups.pairs, id, host)) groups.hosts[id]!++
}

/** What is asked of groups: the fields, and whether the first event time of each is told. */
export interface Grouping {
  fields: FieldRef[]
  first?: boolean | undefined
}

/** Adds the rows of a block; how many of them have none of the fields. Values are looked at once for each code, not for each row. */
export function addGroups(
  groups: Groups,
  { fields, first: wantsFirst = false }: Grouping,
  block: OpenBlock,
  mask: Uint8Array | undefined,
  holders: Holder[][],
) {
  const coded = fields.map((field, i) => codedOf(field, holders[i]!, block))
  const { codes, idsOf } = coded.length === 1 ? ofOne(groups, coded[0]!) : ofSeveral(groups, coded, block.n)
  const counts = new Int32Array(idsOf.length)
  const seen = new Int32Array(idsOf.length)
  let absent = 0
  for (const { row: first, n, hostId } of block.parts) {
    let different = 0
    for (let row = first; row < first + n; row++) {
      if (mask && mask[row] === 0) continue
      const code = codes[row]!
      if (counts[code]!++ === 0) seen[different++] = code
    }
    for (let i = 0; i < different; i++) {
      const code = seen[i]!
      const ids = idsOf.get(code)
      if (ids.length === 0) absent += counts[code]!
      for (const id of ids) add(groups, id, counts[code]!, hostId)
      counts[code] = 0
    }
  }
  if (wantsFirst) addFirst(groups, codes, idsOf, block, mask)
  return absent
}

/** Apart from the counting, which most who ask need alone. */
function addFirst(
  groups: Groups,
  codes: ArrayLike<number>,
  idsOf: IdsOfCodes,
  { times, n, blockId }: OpenBlock,
  mask: Uint8Array | undefined,
) {
  if (!times) throw new Error(`block ${blockId} has no event times`)
  const first = new Float64Array(idsOf.length).fill(Infinity)
  for (let row = 0; row < n; row++) {
    if (mask && mask[row] === 0) continue
    const code = codes[row]!
    if (times[row]! < first[code]!) first[code] = times[row]!
  }
  for (const [code, time] of first.entries())
    if (time < Infinity) for (const id of idsOf.get(code)) lower(groups, id, time)
}

function lower({ first }: Groups, id: number, time: number) {
  if (time < first[id]!) first[id] = time
}

interface IdsOfCodes {
  length: number
  get(code: number): readonly number[]
}

interface Numbered {
  codes: ArrayLike<number>
  idsOf: IdsOfCodes
}

/** The groups of each code, made when it is first met. */
function lazily(length: number, make: (code: number) => number[]): IdsOfCodes {
  const known: (number[] | undefined)[] = Array.from({ length })
  return { length, get: (code) => (known[code] ??= make(code)) }
}

const ofOne = (groups: Groups, { codes, texts }: Coded): Numbered => ({
  codes,
  idsOf: lazily(texts.length, (code) => texts[code]!.map((text) => idOf(groups, [text]))),
})

/** Rows with the same codes in all fields have a code in common. */
function ofSeveral(groups: Groups, coded: Coded[], n: number): Numbered {
  const codes = new Int32Array(n)
  const known = new Map<number, number>()
  const rowOf: number[] = []
  for (let row = 0; row < n; row++) {
    let key = 0
    for (const one of coded) key = key * one.texts.length + one.codes[row]!
    // More fields than a number can tell apart: each row is looked at on its own.
    const code = key <= Number.MAX_SAFE_INTEGER ? (known.get(key) ?? rowOf.length) : rowOf.length
    if (code === rowOf.length) {
      rowOf.push(row)
      known.set(key, code)
    }
    codes[row] = code
  }
  const make = (code: number) => {
    const values = coded.map((one) => one.texts[one.codes[rowOf[code]!]!]!)
    return values.every((of) => of.length === 0) ? [] : combinations(values).map((some) => idOf(groups, some))
  }
  return { codes, idsOf: lazily(rowOf.length, make) }
}

function combinations(values: readonly (readonly string[])[]): (string | null)[][] {
  let all: (string | null)[][] = [[]]
  for (const of of values) {
    const some = of.length === 0 ? [null] : of
    if (all.length * some.length > mostCombinations) throw new TooMany()
    all = all.flatMap((before) => some.map((value) => [...before, value]))
  }
  return all
}

/** Adds what was counted elsewhere; with names, groups of other values. */
export function mergeGroups(
  into: Groups,
  from: Groups,
  named: (values: (string | null)[]) => (string | null)[][] = (values) => [values],
) {
  const targets = from.values.map((values) => named(values).map((some) => idOf(into, some)))
  for (const [id, rows] of from.rows.entries()) for (const target of targets[id]!) into.rows[target]! += rows
  for (const [id, time] of from.first.entries()) for (const target of targets[id]!) lower(into, target, time)
  const { slots, hosts } = from.pairs
  for (const [at, group] of slots.entries()) {
    if (group === 0) continue
    for (const target of targets[group - 1]!) if (addPair(into.pairs, target, hosts[at]!)) into.hosts[target]!++
  }
}

export interface Ranked {
  values: {
    values: (string | null)[]
    rows: number
    hosts: number
    /** Event time of the first row, in microseconds since 1970, where it was asked for. */
    first?: number
    /** On how many tenants' hosts, where it was asked for. */
    tenants?: number
  }[]
  distinct: number
}

/** By rows, or by the hosts that they are on. */
export type Order = 'most' | 'fewest' | 'widest' | 'narrowest'

/** Sorts only what can stand in the answer: a stack may have very many values. */
export function ranked(groups: Groups, order: Order, limit: number, tenantOf?: Map<number, number>): Ranked {
  const { values, rows, hosts, first } = groups
  const sign = order === 'most' || order === 'widest' ? -1 : 1
  const size = order === 'most' || order === 'fewest' ? rows : hosts
  const text = (id: number) => values[id]!.join('\n')
  const compare = (a: number, b: number) =>
    sign * (size[a]! - size[b]!) || sign * (rows[a]! - rows[b]!) || (text(a) < text(b) ? -1 : 1)
  let ids = [...values.keys()]
  if (ids.length > limit) {
    const worst = Float64Array.from(size, (n) => sign * n).sort()[limit - 1]!
    ids = ids.filter((id) => sign * size[id]! <= worst)
  }
  const best = ids.sort(compare).slice(0, limit)
  const tenants = tenantOf && tenantsOf(groups, new Set(best), tenantOf)
  return {
    values: best.map((id) => ({
      values: values[id]!,
      rows: rows[id]!,
      hosts: hosts[id]!,
      ...(first[id]! < Infinity && { first: first[id]! }),
      ...(tenants && { tenants: tenants.get(id)!.size }),
    })),
    distinct: values.length,
  }
}

/** Told by the hosts, and of the groups that are shown alone: nothing is kept of them while rows are counted. */
function tenantsOf({ pairs: { slots, hosts } }: Groups, ids: Set<number>, tenantOf: Map<number, number>) {
  const found = new Map([...ids].map((id) => [id, new Set<number>()]))
  for (const [at, group] of slots.entries()) if (group !== 0) found.get(group - 1)?.add(tenantOf.get(hosts[at]!)!)
  return found
}
