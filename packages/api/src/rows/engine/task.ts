import { openColumn, type OpenColumn } from '../../evidence/columns.ts'
import { frameLines, linesOf } from '../../evidence/frames.ts'
import { type Text, openText } from '../../evidence/text.ts'
import type { FieldRef, Leaf, Node } from '../language/ast.ts'
import { type Holder, isExactPath } from './cells.ts'
import { type Collect, type Gathered, type Hit, collect, collectPart, collectValue, nothingYet } from './collect.ts'
import {
  type Fields,
  type Named,
  type NamedRows,
  type OpenBlock,
  type Part,
  type Program,
  evaluate,
  evaluateParts,
  exactRows,
  inRanges,
  programOf,
} from './evaluate.ts'
import { openParts } from './parts.ts'
import { AWAY, stepAll } from './paths.ts'

/** What a query asks of every block. */
export interface Question {
  filter: Node
  leaves: Leaf[]
  named: [number, Named][]
  /** The columns that can hold the fields of the query, and those of what is collected. */
  fields: Fields[]
  /** Event times in microseconds since 1970: from inclusive, to exclusive. */
  bounds: { from: number; to: number }
  /** Whether superseded rows are part of the answer. */
  superseded: boolean
  /** Tests that the index of values was asked for: in a block that is not `holding` one, no row passes it. */
  asked?: number[]
  /** Rows that are left out, and counted apart. */
  hide?: NamedRows | undefined
  collect: Collect | undefined
}

/** A chunk as it is stored, or the key under which the worker keeps it open. */
export interface Chunk {
  key: string
  bytes?: Uint8Array
}

export interface BlockTask {
  tenantId: number
  blockId: number
  sourceId: number
  n: number
  superseded: number
  text?: Chunk
  columns: { fieldId: number; chunk: Chunk }[]
  times?: Chunk
  /** Whose rows they are, as it was copied from the database. */
  runs?: Chunk
  /** Frames of its lines. */
  raw?: { bytes: Uint8Array; frames: number[] }
  /** Whether its rows can be in what is collected; else they are only counted. */
  reaching: boolean
  /** Whether `bounds` part its rows. */
  cut: boolean
  /** Of the tests that were asked for, those that it can hold. */
  holding?: number[]
  /** The values that it may hold, for a sweep. */
  values?: string[]
}

type Opened = Text | OpenColumn | Part[]
export type Cache = Map<string, Opened>

/** A question under way, with what its blocks gave so far. */
export interface Search {
  question: Question
  program: Program
  /** Which columns of a source hold each field of what is collected. */
  holders: Map<number, Holder[]>[]
  gathered: Gathered
}

export function openSearch(question: Question): Search {
  const { filter, leaves, named, fields, collect: what, asked = [] } = question
  const program = programOf(filter, leaves, named, fields, asked)
  const holders = what ? fieldsOf(what).map((ref) => holdersOf(ref, fields)) : []
  return { question, program, holders, gathered: nothingYet() }
}

/** What a wave of blocks gave at once; the rest is kept until the end. */
export interface WaveAnswer {
  count: number
  /** Rows that match and are left out. */
  hidden: number
  /** Of a page: rows that can stand in it. */
  hits: Hit[]
}

/** Evaluates some blocks. `cache` holds opened chunks, and takes those that are sent. */
export function work(search: Search, blocks: BlockTask[], cache: Cache, floor = -Infinity): WaveAnswer {
  const { question, program, holders, gathered } = search
  const what = question.collect
  const before = { count: gathered.count, hidden: gathered.hidden }
  gathered.floor = floor
  for (const task of blocks) {
    const block = open(task, cache)
    if (task.values) {
      sweep(gathered, question, task, block)
      continue
    }
    if (what?.kind === 'parts') {
      const taken = new Uint8Array(block.n)
      evaluateParts(program, block, (verdict, part) =>
        collectPart(gathered, block, limited(question, task, block, verdict), part, taken),
      )
      continue
    }
    const verdict = evaluate(program, block)
    if (verdict === false) continue
    const mask = hiding(gathered, question, block, limited(question, task, block, verdict))
    const count = mask ? countOf(mask) : block.n
    gathered.count += count
    if (!what || !task.reaching || count === 0) continue
    const of = holders.map((bySource) => bySource.get(task.sourceId) ?? [])
    collect(gathered, what, block, mask, of)
  }
  const gives = what?.kind === 'page' || what?.kind === 'parts'
  const hits = gives ? gathered.hits : []
  if (gives) gathered.hits = []
  return { count: gathered.count - before.count, hidden: gathered.hidden - before.hidden, hits }
}

/** The rows of a mask without those that are left out, which are counted. */
function hiding(gathered: Gathered, { hide }: Question, block: OpenBlock, mask: Uint8Array | undefined) {
  if (!hide) return mask
  const hidden = inRanges(hide, block)
  if (!hidden.includes(1)) return mask
  const left = mask ?? new Uint8Array(block.n).fill(1)
  for (let row = 0; row < left.length; row++)
    if (hidden[row] === 1 && left[row] === 1) {
      left[row] = 0
      gathered.hidden++
    }
  return left
}

function sweep(gathered: Gathered, question: Question, task: BlockTask, block: OpenBlock) {
  for (const value of task.values!) {
    const mask = exactRows(value, block)
    const limit = mask.includes(1) ? limited(question, task, block, mask) : undefined
    if (limit) collectValue(gathered, block, limit, value)
  }
}

function countOf(mask: Uint8Array) {
  let count = 0
  for (let row = 0; row < mask.length; row++) count += mask[row]!
  return count
}

/** The rows of the verdict that are inside of the bounds and not left out; undefined for all of the block. */
function limited({ bounds, superseded }: Question, task: BlockTask, block: OpenBlock, verdict: Uint8Array | true) {
  const leaveOut = block.superseded > 0 && !superseded
  if (verdict === true && !leaveOut && !task.cut) return undefined
  const mask = verdict === true ? new Uint8Array(block.n).fill(1) : verdict
  if (leaveOut) for (const part of block.parts) if (part.superseded) mask.fill(0, part.row, part.row + part.n)
  if (!task.cut) return mask
  const times = block.times!
  const { from, to } = bounds
  for (let row = 0; row < times.length; row++) if (times[row]! < from || times[row]! >= to) mask[row] = 0
  return mask
}

function open({ text, columns, times, runs, raw, ...task }: BlockTask, cache: Cache): OpenBlock {
  const column = (chunk: Chunk) => opened(cache, chunk, openColumn) as OpenColumn
  return {
    ...task,
    text: text && (opened(cache, text, openText) as Text),
    columns: new Map(columns.map(({ fieldId, chunk }) => [fieldId, column(chunk)])),
    times: times && column(times).numbers,
    parts: runs ? (opened(cache, runs, openParts) as Part[]) : [],
    lines: raw && sound(() => readLines(raw)),
  }
}

function opened(cache: Cache, { key, bytes }: Chunk, how: (bytes: Buffer) => Opened): Opened {
  const known = cache.get(key)
  if (known) return known
  if (!bytes) throw new Error(`chunk ${key} is not here`)
  const fresh = sound(() => how(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
  cache.set(key, fresh)
  return fresh
}

/** Thrown where stored bytes can not be read: no count may leave them out. */
export class Unreadable extends Error {}

function sound<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Unreadable('a part of a block can not be read', { cause })
  }
}

function readLines({ bytes, frames }: NonNullable<BlockTask['raw']>): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < frames.length; i++) {
    if (lines.length !== i * frameLines) throw new Error('a frame with other lines than it should have')
    lines.push(...linesOf(bytes.subarray(frames[i], frames[i + 1])).map((line) => line.toString()))
  }
  return lines
}

/** The fields that what is collected reads. */
export function fieldsOf(what: Collect): FieldRef[] {
  if (what.kind === 'groups') return what.fields
  if (what.kind === 'sorted') return what.by.map(({ by }) => by)
  return what.kind === 'chart' && what.field ? [what.field] : []
}

function holdersOf(ref: FieldRef, fields: Fields[]): Map<number, Holder[]> {
  const bySource = new Map<number, Holder[]>()
  if (!('field' in ref)) return bySource
  for (const { sourceId, fieldId, path } of fields) {
    const state = stepAll(ref.field, path)
    if (state === AWAY) continue
    const holder = { fieldId, state, exact: isExactPath(ref.field, path) }
    bySource.set(sourceId, [...(bySource.get(sourceId) ?? []), holder])
  }
  return bySource
}
