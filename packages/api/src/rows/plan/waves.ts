import type { ReadScope } from '../../scope.ts'
import { blockOfRun, runBytes } from '../engine/parts.ts'
import type { OpenSearch, SearchPool } from '../engine/pool.ts'
import type { BlockTask, Chunk, Question, WaveAnswer } from '../engine/task.ts'
import { isTimeText } from '../engine/tests.ts'
import { type Candidate, type ColumnKey, partsOf } from '../queries.ts'
import { type KnownField } from '../naming/queries.ts'
import { copied, tuplesOf } from './copied.ts'
import { hasMarked } from './verdict.ts'

/** How a search asks its workers. */
export interface Asking {
  scope: ReadScope
  pool: SearchPool
  search: OpenSearch
  question: Question
  /** What of a block's chunks the question reads. */
  reads: Reads
  fields: Map<number, KnownField[]>
  /** Columns that blocks are known not to have, by their keys. */
  absent: Set<string>
  /** What is asked of a block, with what is known of it. */
  wanted(block: Candidate, reaching: boolean): Wanted
}

export interface Reads {
  text: boolean
  /** All time columns, for times that are looked for anywhere. */
  timeColumns: boolean
  /** Event times of every block, not only of those that the page needs. */
  times: boolean
  /** Hosts and collections of every block. */
  parts: boolean
  /** Whether fields are read at all: blocks that hold some without a column are then read by their lines. */
  fields: boolean
}

export function readsOf({ leaves, collect }: Question): Reads {
  const bare = leaves.filter(({ on }) => !on)
  const builtin = leaves.flatMap(({ on }) => (on && 'builtin' in on ? [on.builtin] : []))
  const everywhere = collect !== undefined && collect.kind !== 'page'
  return {
    text: bare.length > 0 || collect?.kind === 'sweep',
    timeColumns: bare.some(({ test }) => test.kind === 'equals' && isTimeText(test.value)),
    times:
      builtin.includes('time') ||
      (everywhere && (collect.kind !== 'groups' || collect.first === true || collect.last !== undefined)),
    parts:
      (everywhere && collect.kind !== 'chart') ||
      (collect?.kind === 'chart' && collect.field !== undefined && 'builtin' in collect.field) ||
      builtin.some((name) => !['time', 'source', 'artifact', 'tenant'].includes(name)),
    fields:
      leaves.some(({ on }) => on && 'field' in on) ||
      (collect?.kind === 'groups' && collect.fields.some((ref) => 'field' in ref)) ||
      (collect?.kind === 'sorted' && collect.by.some(({ by }) => 'field' in by)) ||
      (collect?.kind === 'chart' && collect.field !== undefined && 'field' in collect.field),
  }
}

/** What opening a block's parts takes, about, in bytes as they are stored. */
export function weightOf({ reads, fields }: Pick<Asking, 'reads' | 'fields'>, block: Candidate): number {
  const columns = reads.fields ? (fields.get(block.sourceId)?.length ?? 0) : 0
  if (reads.fields && isCapped(block)) return block.rawBytes
  return (reads.text ? block.rawBytes / 8 : 0) + columns * block.n * 20 + block.n * 10
}

/** A block of a wave, and whether its rows can be in what is collected. */
export interface Wanted {
  block: Candidate
  reaching: boolean
  values?: string[]
  holding?: number[]
}

/** What is ready to be evaluated: blocks by the worker that may still hold their chunks. */
export type Ready = { wanted: Wanted[]; tasks: BlockTask[] }[]

/** Reads what the workers lack of the blocks of a wave. */
export async function readWave(asking: Asking, wave: Wanted[]): Promise<Ready> {
  const ready: Ready = []
  // What is read for a worker moves to it as one piece of memory.
  for (const wanted of Map.groupBy(wave, ({ block }) => asking.pool.seatOf(block.blockId)).values())
    ready.push({ wanted, tasks: await tasksOf(asking, wanted, false) })
  return ready
}

/** Evaluates them. A chunk that was held when it was asked for may be gone when its turn comes: then all are read. */
export async function askWave(asking: Asking, ready: Ready, floor?: number): Promise<WaveAnswer[]> {
  const answers = await Promise.allSettled(ready.map(({ tasks }) => asking.search.ask(tasks, floor)))
  const given: WaveAnswer[] = []
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'rejected') throw answer.reason
    given.push(answer.value ?? (await insist(asking, ready[i]!.wanted)))
  }
  return given
}

async function insist(asking: Asking, wanted: Wanted[]): Promise<WaveAnswer> {
  const answer = await asking.search.ask(await tasksOf(asking, wanted, true))
  if (!answer) throw new Error('a chunk was neither sent nor held')
  return answer
}

const isCut = ({ bounds }: Question, block: Candidate) => block.tMin < bounds.from || block.tMax >= bounds.to

const isCapped = ({ cappedFields }: Candidate) => cappedFields === null || cappedFields > 0

type Lacking = (blockId: number, key: string) => boolean

async function tasksOf(asking: Asking, wave: Wanted[], all: boolean): Promise<BlockTask[]> {
  const { pool, question } = asking
  const tasks = wave.map(({ block, reaching, values, holding }): BlockTask => {
    const { tenantId, blockId, sourceId, n, superseded } = block
    return {
      tenantId,
      blockId,
      sourceId,
      n,
      superseded,
      reaching,
      cut: isCut(question, block),
      ...(values && { values }),
      ...(holding && { holding }),
      columns: [],
    }
  })
  const lacking: Lacking = (blockId, key) => all || pool.missing(blockId, [key]).length > 0
  const parts = [runsFor, textsFor, columnsFor, timeColumnsFor, rawFor].flatMap(
    (of) => of(asking, wave, tasks, lacking) ?? [],
  )
  const copies = await copied(
    asking.scope,
    parts.map(({ select }) => select),
  )
  for (const [i, { take }] of parts.entries()) take(copies[i]!)
  return tasks
}

interface PartRead {
  select: string
  /** Gives the blocks what was read. */
  take(copy: Buffer): void
}

type PartFor = (asking: Asking, wave: Wanted[], tasks: BlockTask[], lacking: Lacking) => PartRead | undefined

const chunkOf = (key: string, bytes: Uint8Array | undefined): Chunk => (bytes ? { key, bytes } : { key })

/** Whose rows they are may change for rows that a numbered copy comes to stand in for, and for nothing else. */
const runsKey = ({ blockId, superseded }: BlockTask) => `${blockId}.runs.${superseded}`

const runsFor: PartFor = ({ scope, reads, question }, _wave, tasks, lacking) => {
  const { hide } = question
  const named = tasks.filter(
    (task) =>
      reads.parts ||
      task.reaching ||
      (task.superseded > 0 && !question.superseded) ||
      (hide && hasMarked(hide, task.sourceId)),
  )
  for (const task of named) task.runs = chunkOf(runsKey(task), undefined)
  const asked = named.filter((task) => lacking(task.blockId, runsKey(task)))
  if (asked.length === 0) return undefined
  const byBlock = new Map(asked.map((task) => [task.blockId, task]))
  const take = (copy: Buffer) => {
    for (const [blockId, bytes] of runsByBlock(copy)) byBlock.get(blockId)!.runs!.bytes = bytes
  }
  return { select: partsOf.runs(scope, asked), take }
}

/** Where the runs of each block stand in a copy: they are all of one length, and in the order of blocks. */
function* runsByBlock(copy: Buffer): Generator<[number, Buffer]> {
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength)
  let start = copyHead
  for (let at = copyHead; at + runBytes <= copy.length; at += runBytes) {
    const next = at + runBytes
    const block = blockOfRun(view, at)
    if (next + runBytes <= copy.length && blockOfRun(view, next) === block) continue
    yield [block, copy.subarray(start, next)]
    start = next
  }
}

const copyHead = 19

const textsFor: PartFor = ({ scope, reads }, _wave, tasks, lacking) => {
  if (!reads.text) return undefined
  const keyFor = (blockId: number) => `${blockId}.text`
  for (const task of tasks) task.text = chunkOf(keyFor(task.blockId), undefined)
  const asked = tasks.filter(({ blockId }) => lacking(blockId, keyFor(blockId)))
  if (asked.length === 0) return undefined
  const byBlock = new Map(asked.map((task) => [task.blockId, task]))
  const take = (copy: Buffer) =>
    tuplesOf(copy, 2, (tuple) => {
      byBlock.get(tuple.bigint(0))!.text!.bytes = tuple.bytes(1)
    })
  return { select: partsOf.texts(scope, asked), take }
}

const columnKey = ({ blockId, fieldId }: Pick<ColumnKey, 'blockId' | 'fieldId'>) => `${blockId}.${fieldId}`

/** Columns of the fields asked for, where the block has them, and its event times. */
const columnsFor: PartFor = ({ scope, reads, fields, absent }, _wave, tasks, lacking) => {
  const wanted: { task: BlockTask; fieldId: number; key: string }[] = []
  for (const task of tasks) {
    const want = (fieldId: number) => wanted.push({ task, fieldId, key: columnKey({ blockId: task.blockId, fieldId }) })
    if (reads.times || task.reaching || task.cut) want(0)
    for (const { fieldId } of fields.get(task.sourceId) ?? []) want(fieldId)
  }
  const known = wanted.filter(({ key }) => !absent.has(key))
  const asked = known.filter(({ task, key }) => lacking(task.blockId, key))
  const brought = new Set(asked.map(({ key }) => key))
  for (const { task, fieldId, key } of known) if (!brought.has(key)) addColumn(task, fieldId, { key })
  if (asked.length === 0) return undefined
  const byBlock = new Map(tasks.map((task) => [task.blockId, task]))
  const take = (copy: Buffer) => {
    tuplesOf(copy, 3, (tuple) => {
      const [blockId, fieldId] = [tuple.bigint(0), tuple.int(1)]
      const key = columnKey({ blockId, fieldId })
      brought.delete(key)
      addColumn(byBlock.get(blockId)!, fieldId, { key, bytes: tuple.bytes(2) })
    })
    for (const key of brought) absent.add(key)
  }
  return {
    select: partsOf.columns(
      scope,
      asked.map(({ task, fieldId }) => ({ ...task, fieldId })),
    ),
    take,
  }
}

function addColumn(task: BlockTask, fieldId: number, chunk: Chunk) {
  if (fieldId === 0) task.times = chunk
  else task.columns.push({ fieldId, chunk })
}

const timeColumnsFor: PartFor = ({ scope, reads }, wave, tasks) => {
  if (!reads.timeColumns) return undefined
  const byBlock = new Map(tasks.map((task) => [task.blockId, task]))
  const take = (copy: Buffer) =>
    tuplesOf(copy, 3, (tuple) => {
      const [blockId, fieldId] = [tuple.bigint(0), tuple.int(1)]
      const task = byBlock.get(blockId)
      if (task?.columns.every((column) => column.fieldId !== fieldId))
        task.columns.push({ fieldId, chunk: { key: columnKey({ blockId, fieldId }), bytes: tuple.bytes(2) } })
    })
  const blocks = wave.map(({ block }) => block)
  return { select: partsOf.timeColumns(scope, blocks), take }
}

/** The lines of blocks in which fields of the question may have no column. */
const rawFor: PartFor = ({ scope, reads }, wave, tasks) => {
  const capped = reads.fields ? wave.filter(({ block }) => isCapped(block)).map(({ block }) => block) : []
  if (capped.length === 0) return undefined
  const byBlock = new Map(tasks.map((task) => [task.blockId, task]))
  const take = (copy: Buffer) =>
    tuplesOf(copy, 3, (tuple) => {
      byBlock.get(tuple.bigint(0))!.raw = { bytes: tuple.bytes(1), frames: tuple.ints(2) }
    })
  return { select: partsOf.raw(scope, capped), take }
}
