import { isTimeText } from '../engine/tests.ts'
import type { Gathered } from '../engine/collect.ts'
import { nothingYet, merge } from '../engine/collect.ts'
import type { SearchPool } from '../engine/pool.ts'
import type { BlockTask, Chunk, Question } from '../engine/task.ts'
import type { Part } from '../engine/evaluate.ts'
import type { ReadScope } from '../../scope.ts'
import {
  type Candidate,
  columnsOf,
  type KnownField,
  rawOf,
  type Run,
  runsOf,
  textsOf,
  timeColumnsOf,
} from '../queries.ts'

/** How a search asks its workers. */
export interface Asking {
  scope: ReadScope
  pool: SearchPool
  signal: AbortSignal | undefined
  question: Question
  /** What of a block's chunks the question reads. */
  reads: Reads
  /** Columns that blocks are known not to have, by their keys. */
  absent: Set<string>
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
    times: builtin.includes('time') || (everywhere && collect.kind !== 'groups'),
    parts: everywhere || builtin.some((name) => !['time', 'source', 'artifact', 'tenant'].includes(name)),
    fields:
      leaves.some(({ on }) => on && 'field' in on) ||
      (collect?.kind === 'groups' && collect.fields.some((ref) => 'field' in ref)) ||
      (collect?.kind === 'sorted' && collect.by.some(({ by }) => 'field' in by)) ||
      (collect?.kind === 'chart' && collect.field !== undefined && 'field' in collect.field),
  }
}

/** A block of a wave, and whether its rows can be in what is collected. */
export interface Wanted {
  block: Candidate
  reaching: boolean
  values?: string[]
}

/** Evaluates the blocks of a wave, each by the worker that may still hold its chunks. */
export async function askWave(asking: Asking, wave: Wanted[]): Promise<Gathered> {
  const bySeat = Map.groupBy(wave, ({ block }) => asking.pool.seatOf(block.blockId))
  const runs = await partsOf(asking, wave)
  const parts: Wanted[][] = [...bySeat.values()]
  const answers: Gathered[] = []
  // One connection reads for all seats in turn, while those before already evaluate.
  const asked: Promise<unknown>[] = []
  for (const some of parts) {
    const tasks = await tasksOf(asking, some, runs, false)
    asked.push(evaluate(asking, tasks).then((answer) => answer && answers.push(answer)))
  }
  const settled = await Promise.allSettled(asked)
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  if (answers.length < parts.length) {
    answers.length = 0
    for (const some of parts) answers.push(await insist(asking, some, runs))
  }
  const [first = nothingYet(), ...others] = answers
  for (const other of others) merge(first, other, asking.question.collect)
  return first
}

const turnOf = ({ scope }: Asking) => scope.tenantId

const evaluate = (asking: Asking, blocks: BlockTask[]) =>
  asking.pool.ask(turnOf(asking), { question: asking.question, blocks }, asking.signal)

/** A chunk that was held when it was asked for may be gone when its turn comes: then all are sent. */
async function insist(asking: Asking, wave: Wanted[], runs: Map<number, Run[]>): Promise<Gathered> {
  const answer = await evaluate(asking, await tasksOf(asking, wave, runs, true))
  if (!answer) throw new Error('a chunk was neither sent nor held')
  return answer
}

async function partsOf({ scope, reads, question }: Asking, wave: Wanted[]) {
  const named = wave.filter(
    ({ block, reaching }) => reads.parts || reaching || (block.superseded > 0 && !question.superseded),
  )
  return Map.groupBy(
    await runsOf(
      scope,
      named.map(({ block }) => block),
    ),
    (run) => run.blockId,
  )
}

const partOf = ({ blockRow, n, hostId, collectionId, firstRow, superseded }: Run): Part => ({
  row: blockRow,
  n,
  hostId,
  collectionId,
  firstRow,
  superseded,
})

const isCut = ({ bounds }: Question, block: Candidate) => block.tMin < bounds.from || block.tMax >= bounds.to

const isCapped = ({ cappedFields }: Candidate) => cappedFields === null || cappedFields > 0

async function tasksOf(asking: Asking, wave: Wanted[], runs: Map<number, Run[]>, all: boolean): Promise<BlockTask[]> {
  const { scope, pool, question, reads } = asking
  const tasks = wave.map(({ block, reaching, values }): BlockTask => {
    const { tenantId, blockId, sourceId, n, superseded } = block
    const cut = isCut(question, block)
    return {
      tenantId,
      blockId,
      sourceId,
      n,
      superseded,
      reaching,
      cut,
      ...(values && { values }),
      columns: [],
      parts: (runs.get(blockId) ?? []).map(partOf),
    }
  })
  const lacking = (blockId: number, key: string) => all || pool.missing(blockId, [key]).length > 0
  await addTexts(scope, reads.text ? tasks : [], lacking)
  await addColumns(asking, wave, tasks, lacking)
  const capped = wave.filter(({ block }) => reads.fields && isCapped(block)).map(({ block }) => block)
  const raw = await rawOf(scope, capped)
  for (const task of tasks) {
    const frames = raw.get(task.blockId)
    if (frames) task.raw = frames
  }
  return tasks
}

type Lacking = (blockId: number, key: string) => boolean

async function addTexts(scope: ReadScope, tasks: BlockTask[], lacking: Lacking) {
  const keyOf = ({ blockId }: BlockTask) => `${blockId}.text`
  const texts = await textsOf(
    scope,
    tasks.filter((task) => lacking(task.blockId, keyOf(task))),
  )
  for (const task of tasks) task.text = chunkOf(keyOf(task), texts.get(task.blockId))
}

const chunkOf = (key: string, bytes: Buffer | undefined): Chunk => (bytes ? { key, bytes } : { key })

/** Columns of the fields asked for, where the block has them, and its event times. */
async function addColumns(asking: Asking, wave: Wanted[], tasks: BlockTask[], lacking: Lacking) {
  const { scope, reads, question } = asking
  const bySource = Map.groupBy(question.fields as KnownField[], ({ sourceId }) => sourceId)
  const timed = tasks.filter((task) => reads.times || task.reaching || task.cut)
  const wanted = [
    ...timed.map((task) => ({ ...task, fieldId: 0 })),
    ...tasks.flatMap((task) => (bySource.get(task.sourceId) ?? []).map(({ fieldId }) => ({ ...task, fieldId }))),
  ]
  const keyOf = ({ blockId, fieldId }: { blockId: number; fieldId: number }) => `${blockId}.${fieldId}`
  const absent = asking.absent
  const asked = wanted.filter((one) => lacking(one.blockId, keyOf(one)) && !absent.has(keyOf(one)))
  const chunks = await columnsOf(scope, asked)
  for (const one of asked) if (!chunks.has(keyOf(one))) absent.add(keyOf(one))
  const byBlock = new Map(tasks.map((task) => [task.blockId, task]))
  for (const one of wanted) {
    const key = keyOf(one)
    if (absent.has(key)) continue
    const task = byBlock.get(one.blockId)!
    if (one.fieldId === 0) task.times = chunkOf(key, chunks.get(key))
    else task.columns.push({ fieldId: one.fieldId, chunk: chunkOf(key, chunks.get(key)) })
  }
  if (!reads.timeColumns) return
  for (const { blockId, fieldId, chunk } of await timeColumnsOf(
    scope,
    wave.map(({ block }) => block),
  )) {
    const task = byBlock.get(blockId)!
    if (task.columns.every((column) => column.fieldId !== fieldId))
      task.columns.push({ fieldId, chunk: { key: `${blockId}.${fieldId}`, bytes: chunk } })
  }
}
