import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { AppError } from '../../errors.ts'
import { notify } from '../../notifications/queries.ts'
import { may } from '../../permissions.ts'
import { boundsOf } from '../../rows/answers/bounds.ts'
import { type Query, shownField } from '../../rows/language/ast.ts'
import type { Bounds, Plan, Searcher } from '../../rows/rows.ts'
import { type Actor, inEveryTenant, inTenant, type ReadScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { keysOf } from '../reading/queries.ts'
import { groupsOf } from '../reading/groups.ts'
import { matchingRows, planExport, type WaveOfRows } from '../reading/reading.ts'
import { addNotes, columnsOf, doneWords, keptDays, mostColumns, type Notes, queryOf } from '../rules.ts'
import { writingThread } from '../writing/thread.ts'
import type { Content, Shape } from '../writing/writer.ts'
import { askerOf, noting, type Progress, type Taken } from './queries.ts'
import { openSink } from './sink.ts'

export interface Running {
  database: Database
  services: Pick<Services, 'searches'>
  checkRoom: () => void
  signal: AbortSignal
}

/** How often what is held back is written, so that a slow export shows that it goes on. */
const flushMs = 1000

/** Writes one export from its first row to its last, all in one snapshot, and tells who asked. */
export async function runExport(running: Running, taken: Taken) {
  const actor = await askerOf(running.database, taken)
  const ofOthers = taken.ofTenant !== taken.tenantId
  if (!actor || !may(actor.role, 'row:read') || (ofOthers && !may(actor.role, 'tenant:every')))
    throw new AppError('FORBIDDEN', 'You may not read these rows any longer')
  return inSnapshot(running.database, taken, actor, (scope) => write(running, taken, scope))
}

function inSnapshot<T>(database: Database, { ofTenant }: Taken, actor: Actor, work: (scope: ReadScope) => Promise<T>) {
  const origin = { job: 'exports' }
  return ofTenant === null
    ? inEveryTenant(database, actor, work, { origin, snapshot: true })
    : inTenant(database.db, ofTenant, work, { actor, origin, snapshot: true, statementTimeout: 120_000 })
}

async function write(running: Running, taken: Taken, scope: ReadScope) {
  const { rows: clock } = await sql<{ now: Date }>`select now() as now`.execute(scope.db)
  const searcher = { scope, pool: running.services.searches, signal: running.signal, now: taken.createdAt }
  const query = queryOf(taken.query, taken.createdAt)
  const bounds = boundsOf({ from: taken.fromTime ?? undefined, to: taken.toTime ?? undefined })
  if (query.view.kind === 'groups') return writeGroups(running, taken, { searcher, query, bounds, asOf: clock[0]!.now })
  const plan = await planExport(searcher, query, bounds)
  const { shape, notes } = await shapeOf(scope, taken, plan)
  if (query.sort.length > 0) notes.unsorted = true
  const progress: Progress = {
    rows: 0,
    bytes: 0,
    blocks: plan.blocks.length,
    blocksDone: 0,
    asOf: clock[0]!.now,
    notes,
  }
  return inThread(shape, async (thread) => {
    const put = writingTo(running, taken, thread, progress)
    await put.start()
    for await (const { blocks, rows, blocksDone } of ahead(matchingRows(searcher, plan))) {
      running.signal.throwIfAborted()
      await put.more({ blocks }, { rows: progress.rows + rows, blocksDone })
    }
    return put.end()
  })
}

interface Grouping {
  searcher: Searcher
  query: Query
  bounds: Bounds
  asOf: Date
}

/** So many groups are written at once. */
const groupsAtOnce = 5000

/** Every group of the query in the place of rows. */
async function writeGroups(running: Running, taken: Taken, { searcher, query, bounds, asOf }: Grouping) {
  const { names, groups } = await groupsOf(searcher, query, bounds, taken.ofTenant === null)
  const progress: Progress = { rows: 0, bytes: 0, blocks: groups.length, blocksDone: 0, asOf, notes: { grouped: true } }
  return inThread({ format: taken.format, withTenant: false, columns: { groups: names } }, async (thread) => {
    const put = writingTo(running, taken, thread, progress)
    await put.start()
    for (let at = 0; at < groups.length; at += groupsAtOnce) {
      running.signal.throwIfAborted()
      const some = groups.slice(at, at + groupsAtOnce)
      await put.more({ groups: some }, { rows: at + some.length, blocksDone: at + some.length })
    }
    return put.end()
  })
}

type Thread = ReturnType<typeof writingThread>

async function inThread<T>(shape: Shape, work: (thread: Thread) => Promise<T>) {
  const thread = writingThread(shape)
  try {
    return await work(thread)
  } finally {
    await thread.close()
  }
}

/** The columns of the file. Every field means every key that the store knows of the sources that may have rows. */
async function shapeOf(scope: ReadScope, taken: Taken, { blocks }: Plan): Promise<{ shape: Shape; notes: Notes }> {
  const { format, columns, query, createdAt } = taken
  const withTenant = taken.ofTenant === null
  const chosen = columnsOf(queryOf(query, createdAt), columns)
  if (chosen) return { shape: { format, withTenant, columns: { chosen, names: chosen.map(shownField) } }, notes: {} }
  const sources = [...new Set(blocks.map(({ sourceId }) => sourceId))]
  const keys = format === 'jsonl' ? [] : await keysOf(scope, sources)
  const beyond = Math.max(0, keys.length - mostColumns)
  return {
    shape: { format, withTenant, columns: { keys: keys.slice(0, mostColumns) } },
    notes: beyond > 0 ? { fieldsWithoutColumn: beyond } : {},
  }
}

/** Through the thread into the file, with the progress that it makes. While one wave of rows is written, the next is read. */
function writingTo({ database, checkRoom }: Running, taken: Taken, thread: Thread, progress: Progress) {
  const sink = openSink(database, taken, checkRoom)
  const fixed = { ...progress.notes }
  let flushedAt = performance.now()
  const put = async (task: Parameters<typeof thread.run>[0], at: Partial<Progress>) => {
    const { bytes, notes } = await thread.run(task)
    Object.assign(progress, at, { notes: { ...fixed } })
    addNotes(progress.notes, notes)
    await sink.write(bytes, known(progress))
  }
  const flush = async () => {
    await sink.flush(known(progress))
    flushedAt = performance.now()
  }
  return {
    async start() {
      await put('start', {})
      await flush()
    },
    async more(task: Content, at: Partial<Progress>) {
      await put(task, at)
      if (performance.now() - flushedAt >= flushMs) await flush()
    },
    async end() {
      await put('finish', {})
      await flush()
      return end(database, taken, { ...progress, ...sink.ended() })
    },
  }
}

/** The sink says itself how many bytes can be read. */
const known = ({ bytes: _, ...progress }: Progress) => progress

async function* ahead(waves: AsyncGenerator<WaveOfRows, void, void>) {
  let next = waves.next()
  for (;;) {
    const { value, done } = await next
    if (done) return
    next = waves.next()
    // It is waited for in the next round; until then a failure of it is nobody's.
    next.catch(() => {})
    try {
      yield value
    } finally {
      await next.catch(() => {})
    }
  }
}

type Ended = Progress & { sha256: Buffer }

async function end(database: Database, taken: Taken, { sha256, ...progress }: Ended) {
  const expires = sql`now() + make_interval(days => ${keptDays})`
  await noting(
    database,
    taken,
    { ...progress, state: 'done', sha256, endedAt: sql`now()`, expiresAt: expires },
    async (scope) => {
      await scope.db
        .updateTable('files')
        .set({ bytes: progress.bytes })
        .where('tenantId', '=', taken.tenantId)
        .where('id', '=', taken.fileId)
        .execute()
      await notify(scope, {
        userId: taken.userId,
        kind: 'export',
        words: doneWords({ format: taken.format, ...progress }),
        link: '/exports',
      })
    },
  )
  return { rows: progress.rows, bytes: progress.bytes }
}
