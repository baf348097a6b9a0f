import type { FieldRef } from '../language/ast.ts'
import { type Coded, codedOf, type Holder } from './cells.ts'
import type { OpenBlock } from './evaluate.ts'
import { addLast, mergeLast } from './lately.ts'
import { addPair, leaveOnce, newPairs, type Pairs, placeOf } from './pairs.ts'
import { type Words, wordOf, wordsNow } from './words.ts'

/** Rows by the values of some fields, each group a number. */
export interface Groups {
  /** By what they are of; those that were numbered by words alone are entered when one is looked for. */
  ids: Map<string, number>
  values: (string | null)[][]
  rows: number[]
  /** Which hosts each group was seen on. */
  pairs: Pairs
  /** The first event time of each group, in microseconds since 1970; beyond all times where none was asked for. */
  first: number[]
  /** The last likewise; before all times where it was not asked for. */
  last: number[]
  /** Rows on each of the seven days that were asked for, of groups that have any then. */
  days: Map<number, number[]>
  /** The groups of one field by their words, in the thread that gathers them. */
  ofWords?: { words: Words; ids: Int32Array }
}

export const newGroups = (): Groups => ({
  ids: new Map(),
  values: [],
  rows: [],
  pairs: newPairs(),
  first: [],
  last: [],
  days: new Map(),
})

/** Without what only this thread understands. */
export const portable = ({ ofWords: _, ...groups }: Groups): Groups => groups

const mostCombinations = 1000

/** Thrown where a row would stand in too many groups. */
export class TooMany extends Error {}

const keyOf = (values: (string | null)[]) => (values.length === 1 ? values[0]! : JSON.stringify(values))

function newGroup(groups: Groups, values: (string | null)[]): number {
  groups.rows.push(0)
  groups.first.push(Infinity)
  groups.last.push(-Infinity)
  return groups.values.push(values) - 1
}

function idOf(groups: Groups, values: (string | null)[]): number {
  const { ids } = groups
  for (let id = ids.size; id < groups.values.length; id++) ids.set(keyOf(groups.values[id]!), id)
  const key = keyOf(values)
  const known = ids.get(key)
  if (known !== undefined) return known
  const id = newGroup(groups, values)
  ids.set(key, id)
  return id
}

function idOfWord(groups: Groups, { words, ids }: NonNullable<Groups['ofWords']>, word: number): number {
  const known = ids[word]!
  if (known > 0) return known - 1
  const values = [words.texts[word]!]
  const id = groups.ids.size > 0 ? idOf(groups, values) : newGroup(groups, values)
  ids[word] = id + 1
  return id
}

function wordsOf(groups: Groups): NonNullable<Groups['ofWords']> {
  const words = groups.ofWords?.words ?? wordsNow()
  const ids = groups.ofWords?.ids ?? new Int32Array(words.texts.length + 1024)
  if (groups.ofWords && ids.length >= words.texts.length) return groups.ofWords
  const larger = ids.length >= words.texts.length ? ids : new Int32Array(words.texts.length * 2)
  if (larger !== ids) larger.set(ids)
  return (groups.ofWords = { words, ids: larger })
}

/** What is asked of groups: the fields, and whether the first event time of each is told, or the last and its days. */
export interface Grouping {
  fields: FieldRef[]
  first?: boolean | undefined
  /** Where the last of the seven days ends, in microseconds since 1970. */
  last?: { daysEnd: number } | undefined
}

/** Adds the rows of a block; how many of them have none of the fields. Values are looked at once for each code, not for each row. */
export function addGroups(
  groups: Groups,
  { fields, first: wantsFirst = false, last }: Grouping,
  block: OpenBlock,
  mask: Uint8Array | undefined,
  holders: Holder[][],
) {
  const coded = fields.map((field, i) => codedOf(field, holders[i]!, block))
  const { codes, idsOf } = coded.length === 1 ? ofOne(groups, coded[0]!) : ofSeveral(groups, coded, block.n)
  const taken = takeScratch(idsOf.length)
  const { counts, seen } = taken
  const { rows, pairs } = groups
  let absent = 0
  for (const { row: first, n, hostId } of block.parts) {
    let different = 0
    for (let row = first; row < first + n; row++) {
      if (mask && mask[row] === 0) continue
      const code = codes[row]!
      if (counts[code]!++ === 0) seen[different++] = code
    }
    const host = placeOf(pairs, hostId)
    for (let i = 0; i < different; i++) {
      const code = seen[i]!
      const ids = idsOf.get(code)
      if (typeof ids === 'number') {
        rows[ids]! += counts[code]!
        addPair(pairs, ids, host)
      } else if (ids.length === 0) absent += counts[code]!
      else
        for (const id of ids) {
          rows[id]! += counts[code]!
          addPair(pairs, id, host)
        }
      counts[code] = 0
    }
  }
  scratch = taken
  if (wantsFirst) addFirst(groups, codes, idsOf, block, mask)
  if (last) addLast(groups, { codes, idsOf }, block, mask, last.daysEnd)
  return absent
}

interface Scratch {
  /** Rows of a part by code: all 0 between parts. */
  counts: Int32Array
  /** Which codes the part has. */
  seen: Int32Array
}

let scratch: Scratch | undefined

/** Memory that is used for one block after another. Whoever fails with it does not give it back. */
function takeScratch(codes: number): Scratch {
  const taken = scratch
  scratch = undefined
  if (taken && taken.counts.length >= codes) return taken
  return { counts: new Int32Array(2 * codes), seen: new Int32Array(2 * codes) }
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
    if (time < Infinity) for (const id of [idsOf.get(code)].flat()) lower(groups, id, time)
}

function lower({ first }: Groups, id: number, time: number) {
  if (time < first[id]!) first[id] = time
}

interface IdsOfCodes {
  length: number
  /** Most codes are of one group. */
  get(code: number): number | readonly number[]
}

export interface Numbered {
  codes: ArrayLike<number>
  idsOf: IdsOfCodes
}

/** The groups of each code, made when it is first met. */
function lazily(make: (code: number) => number[]) {
  const known: (number[] | undefined)[] = []
  return (code: number) => (known[code] ??= make(code))
}

function ofOne(groups: Groups, coded: Coded): Numbered {
  const { codes, texts } = coded
  const words = wordsOfCodes(coded, wordsOf(groups).words)
  const ofWords = wordsOf(groups)
  const others = lazily((code) => texts[code]!.map((text) => idOf(groups, [text])))
  const get = (code: number) => {
    const word = words[code]!
    return word < 0 ? others(code) : idOfWord(groups, ofWords, word)
  }
  return { codes, idsOf: { length: texts.length, get } }
}

/** Of columns that are kept open, the words of their codes are kept too. */
const wordsOfColumns = new WeakMap<Coded, { of: Words; words: Int32Array }>()

/** The word of each code that is of one text, else -1. */
function wordsOfCodes(coded: Coded, of: Words): Int32Array {
  const known = wordsOfColumns.get(coded)
  if (known?.of === of) return known.words
  const words = Int32Array.from(coded.texts, (texts) => (texts.length === 1 ? wordOf(of, texts[0]!) : -1))
  wordsOfColumns.set(coded, { of, words })
  return words
}

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
  return { codes, idsOf: { length: rowOf.length, get: lazily(make) } }
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
  mergeLast(into, from, targets)
  leaveOnce(from.pairs)
  const { groups, hosts, hostIds, n } = from.pairs
  const places = hostIds.map((hostId) => placeOf(into.pairs, hostId))
  for (let i = 0; i < n; i++) for (const target of targets[groups[i]!]!) addPair(into.pairs, target, places[hosts[i]!]!)
}
