import type { OpenColumn } from '../../evidence/columns.ts'
import { markTimes } from '../../evidence/match.ts'
import type { Text } from '../../evidence/text.ts'
import type { Leaf, Node, Piece } from '../language/ast.ts'
import { type FieldTest, markColumn } from './columns.ts'
import { lineHolds } from './json.ts'
import { literalOf } from './literals.ts'
import { AWAY, stepAll } from './paths.ts'
import { type Matches, compareInstants, isTimeText, matcherOf } from './tests.ts'

/** Consecutive rows of a block from one host and collection. */
export interface Part {
  row: number
  n: number
  hostId: number
  collectionId: number
  /** The number of the first of them in its source. */
  firstRow: number
  superseded: boolean
}

/** A block and what was read of it. */
export interface OpenBlock {
  tenantId: number
  blockId: number
  sourceId: number
  n: number
  superseded: number
  text: Text | undefined
  /** Columns by the number of their field. */
  columns: Map<number, OpenColumn>
  times: Float64Array | undefined
  parts: Part[]
  /** Its exact lines, read where fields have no column. */
  lines: string[] | undefined
  /** Of the tests that the index of values was asked for, those that it can hold. */
  holding?: number[]
}

/** Ids that a built-in field's test leaves. */
export interface NamedIds {
  of: 'tenant' | 'source' | 'host' | 'collection'
  ids: Set<number>
}

/** Rows by name that a built-in field's test leaves, or all but those. */
export interface NamedRows {
  of: 'rows'
  /** By `<collection>.<source>`: each range's first row and the row behind its last, in order. */
  ranges: Map<string, Float64Array>
  except: boolean
}

export type Named = NamedIds | NamedRows

export const sourceKey = (collectionId: number, sourceId: number) => `${collectionId}.${sourceId}`

export interface Fields {
  sourceId: number
  fieldId: number
  path: string[]
}

export interface Program {
  filter: Node
  /** The alternatives of the filter, in their order. */
  parts: Node[]
  named: Map<number, Named>
  matchers: Map<number, Matches>
  /** For a leaf with a field: which columns of a source can hold it, and how much of its name they use up. */
  states: Map<number, Map<number, { fieldId: number; state: number }[]>>
  /** Tests that the index of values was asked for. */
  asked: Set<number>
}

/** One byte for each row of the block. */
type Mask = Uint8Array
export type Verdict = Mask | boolean

export function programOf(
  filter: Node,
  leaves: Leaf[],
  named: [number, Named][],
  fields: Fields[],
  asked: number[] = [],
): Program {
  const states: Program['states'] = new Map()
  for (const { id, on } of leaves) if (on && 'field' in on) states.set(id, statesOf(on.field, fields))
  const tested = leaves.filter(({ on }) => !on || 'field' in on)
  return {
    filter: cheapFirst(filter),
    parts: (filter.kind === 'or' ? filter.parts : [filter]).map(cheapFirst),
    asked: new Set(asked),
    named: new Map(named),
    matchers: new Map(tested.map(({ id, test }) => [id, matcherOf(test)])),
    states,
  }
}

export function statesOf(name: FieldTest['name'], fields: Fields[]) {
  const bySource = new Map<number, { fieldId: number; state: number }[]>()
  for (const { sourceId, fieldId, path } of fields) {
    const state = stepAll(name, path)
    if (state === AWAY) continue
    const known = bySource.get(sourceId)
    if (known) known.push({ fieldId, state })
    else bySource.set(sourceId, [{ fieldId, state }])
  }
  return bySource
}

/** Which rows of a block the query matches; true or false for all of them. */
export function evaluate(program: Program, block: OpenBlock): Verdict {
  return evaluateNode(program, program.filter, block)
}

/** Which rows each alternative of the filter matches; those without a row are passed over. */
export function evaluateParts(program: Program, block: OpenBlock, each: (verdict: Mask | true, part: number) => void) {
  for (const [i, part] of program.parts.entries()) {
    const verdict = evaluateNode(program, part, block)
    if (verdict !== false) each(verdict, i)
  }
}

function evaluateNode(program: Program, node: Node, block: OpenBlock): Verdict {
  if (node.kind === 'all') return true
  if (node.kind === 'not') return not(evaluateNode(program, node.part, block))
  if (node.kind === 'leaf') return settled(evaluateLeaf(program, node, block))
  const stop = node.kind === 'or'
  let verdict: Verdict = !stop
  for (const part of node.parts) {
    const next = evaluateNode(program, part, block)
    verdict = stop ? either(verdict, next) : both(verdict, next)
    if (verdict === stop) return stop
  }
  return settled(verdict)
}

const cost = (node: Node) => (node.kind === 'leaf' ? (node.on ? ('builtin' in node.on ? 0 : 1) : 2) : 3)

function cheapFirst(node: Node): Node {
  if (node.kind === 'not') return { ...node, part: cheapFirst(node.part) }
  if (node.kind !== 'and' && node.kind !== 'or') return node
  return { ...node, parts: node.parts.map(cheapFirst).sort((a, b) => cost(a) - cost(b)) }
}

/** Masks are made anew by each test, so they may be written to. */
function not(verdict: Verdict): Verdict {
  if (typeof verdict === 'boolean') return !verdict
  for (let row = 0; row < verdict.length; row++) verdict[row]! ^= 1
  return verdict
}

function both(a: Verdict, b: Verdict): Verdict {
  if (typeof a === 'boolean') return a && b
  if (typeof b === 'boolean') return b && a
  for (let row = 0; row < a.length; row++) a[row]! &= b[row]!
  return a
}

function either(a: Verdict, b: Verdict): Verdict {
  if (typeof a === 'boolean') return a || b
  if (typeof b === 'boolean') return b || a
  for (let row = 0; row < a.length; row++) a[row]! |= b[row]!
  return a
}

/** A mask without a row spares what else would be asked. */
const settled = (verdict: Verdict): Verdict => (typeof verdict !== 'boolean' && !verdict.includes(1) ? false : verdict)

function evaluateLeaf(program: Program, leaf: Leaf, block: OpenBlock): Verdict {
  const { on } = leaf
  if (program.asked.has(leaf.id) && !block.holding?.includes(leaf.id)) return false
  if (!on) return anywhere(leaf, program.matchers.get(leaf.id)!, block)
  if ('field' in on) {
    const asked = { name: on.field, test: leaf.test, matches: program.matchers.get(leaf.id)! }
    return inField(asked, program.states.get(leaf.id)?.get(block.sourceId) ?? [], block)
  }
  if (leaf.test.kind === 'present' && (on.builtin === 'time' || on.builtin === 'source')) return true
  if (on.builtin === 'time') return inTime(leaf, block)
  const named = program.named.get(leaf.id)!
  if (named.of !== 'rows') return inNamed(named, block)
  return named.except ? not(inRanges(named, block)) : inRanges(named, block)
}

function inField(asked: FieldTest, states: { fieldId: number; state: number }[], block: OpenBlock): Verdict {
  const mask = new Uint8Array(block.n)
  if (block.lines) {
    const present = asked.test.kind === 'present'
    return mask.map((_, row) => (lineHolds(block.lines![row]!, asked.name, asked.matches, present) ? 1 : 0))
  }
  let found = false
  for (const { fieldId, state } of states) {
    const column = block.columns.get(fieldId)
    if (!column) continue
    markColumn(asked, column, state, mask)
    found = true
  }
  return found && mask
}

function anywhere({ test }: Leaf, matches: Matches, block: OpenBlock): Verdict {
  if (test.kind === 'equals') return exactRows(test.value, block)
  if (!block.text) throw new Error(`block ${block.blockId} came without its text`)
  const literal = literalOf(test)
  // What no time has as a part is not in one.
  if (isContained(test) && !/^[-0-9t:.z+]*$/.test(literal)) return block.text.rowsContaining(literal)
  return block.text.rowsAccepted(literal, (leaf) => matches(leaf, false) && !isTimeText(leaf))
}

/** Whether a value passes just when it has the literal of the test inside. */
function isContained(test: Leaf['test']) {
  if (test.kind !== 'like' || test.pieces.length !== 3) return false
  const [first, part, last] = test.pieces as [Piece, Piece, Piece]
  return 'wild' in first && first.wild === '*' && 'text' in part && 'wild' in last && last.wild === '*'
}

/** Rows that hold the folded value in a leaf, or inside one as an indicator; times stand in columns. */
export function exactRows(value: string, { blockId, text, columns }: OpenBlock): Mask {
  if (!text) throw new Error(`block ${blockId} came without its text`)
  const mask = text.rowsOfTerm(value)
  if (isTimeText(value)) for (const column of columns.values()) markTimes(column, value.toUpperCase(), mask)
  return mask
}

/** The rows of a block that stand in the ranges. */
export function inRanges({ ranges }: Pick<NamedRows, 'ranges'>, block: OpenBlock): Mask {
  const mask = new Uint8Array(block.n)
  for (const { row, n, firstRow, collectionId } of block.parts) {
    const of = ranges.get(sourceKey(collectionId, block.sourceId))
    if (!of) continue
    for (let i = 2 * firstEndingAfter(of, firstRow); i < of.length && of[i]! < firstRow + n; i += 2) {
      const start = Math.max(of[i]!, firstRow) - firstRow
      mask.fill(1, row + start, row + Math.min(of[i + 1]! - firstRow, n))
    }
  }
  return mask
}

/** The first of the ranges that reaches beyond a row. */
function firstEndingAfter(ranges: Float64Array, row: number): number {
  let [low, high] = [0, ranges.length / 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[2 * middle + 1]! > row) high = middle
    else low = middle + 1
  }
  return low
}

function inNamed({ of, ids }: NamedIds, block: OpenBlock): Verdict {
  if (of === 'tenant') return ids.has(block.tenantId)
  if (of === 'source') return ids.has(block.sourceId)
  const mask = new Uint8Array(block.n)
  for (const { row, n, hostId, collectionId } of block.parts)
    if (ids.has(of === 'host' ? hostId : collectionId)) mask.fill(1, row, row + n)
  return mask
}

function inTime({ test }: Leaf, { times, blockId }: OpenBlock): Verdict {
  if (!times) throw new Error(`block ${blockId} has no event times`)
  if (test.kind !== 'range') return true
  const { low, high } = test as { low?: TimeBound; high?: TimeBound }
  return Uint8Array.from(times, (micros) => {
    const seconds = Math.floor(micros / 1e6)
    const time = { seconds, nanos: Math.round((micros - seconds * 1e6) * 1000) }
    const after = !low || holds(compareInstants(time, low.time), low.inclusive)
    return after && (!high || holds(compareInstants(high.time, time), high.inclusive)) ? 1 : 0
  })
}

type TimeBound = { time: { seconds: number; nanos: number }; inclusive: boolean }
const holds = (order: number, inclusive: boolean) => order > 0 || (inclusive && order === 0)
