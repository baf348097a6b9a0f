import type { Database } from '@velocicompanion/db'
import type { Services } from '../services.ts'
import { checkBlock, openRebuilding, type Outcome, rebuild, type Rebuilding } from './blocks.ts'
import {
  blocksBehind,
  blocksUpTo,
  blocksWithoutParts,
  countDone,
  damagedBlocks,
  daysToJoin,
  endRun,
  nextUpTo,
  openRun,
  type ReindexRun,
  smallBlocks,
  tenantIds,
} from './queries.ts'
import { groupsOf, worthJoining } from './rules.ts'

interface Reindexing {
  database: Database
  /** Ends the work between two blocks; the next time goes on. */
  signal?: AbortSignal
  progress?: (done: { blocks: number; of: number; rows: number }) => void
}

/**
 * Makes every block of every tenant anew. One that was cut is gone on with, and several processes may do it at once. Blocks
 * that arrive meanwhile are new anyway.
 */
export async function reindex({ database, signal, progress = () => {} }: Reindexing) {
  const run = await openRun(database)
  const of = await blocksUpTo(database, run.untilNumber)
  const rebuilding = await openRebuilding(database)
  const done = { blocks: 0, of, rows: 0 }
  const seen = (outcome: Outcome) => {
    done.blocks++
    if (outcome.kind === 'made') done.rows += outcome.rows
    progress(done)
  }
  const damaged = new Set<number>()
  try {
    // What another process has under way may come to nothing: it is over when nothing is left.
    while (!signal?.aborted && (await pass(rebuilding, run, { seen, damaged, signal })));
  } finally {
    await rebuilding.close()
  }
  return {
    ...(signal?.aborted ? { ...done, ended: false } : { ...(await endRun(database, run)), ended: true }),
    damaged: await damagedBlocks(database),
  }
}

interface Pass {
  seen: (outcome: Outcome) => void
  /** Left alone from now on. */
  damaged: Set<number>
  signal: AbortSignal | undefined
}

/** Goes over all blocks that are left once; whether there were any. */
async function pass(rebuilding: Rebuilding, run: ReindexRun, { seen, damaged, signal }: Pass) {
  const { database } = rebuilding
  let any = false
  for (const tenantId of await tenantIds(database)) {
    for (let after = -1; ;) {
      const ids = await nextUpTo(database, tenantId, after, run.untilNumber)
      if (ids.length === 0) break
      after = ids.at(-1)!
      for (const id of ids.filter((one) => !damaged.has(one))) {
        if (signal?.aborted) return true
        const outcome = await rebuild(rebuilding, tenantId, [id])
        any = true
        if (outcome.kind === 'damaged') damaged.add(id)
        if (outcome.kind === 'made') await countDone(database, run, outcome.rows)
        seen(outcome)
      }
    }
  }
  return any
}

/** Makes blocks anew that lack a part, as they were stored before there was one. */
export async function completeBlocks(database: Database, signal: AbortSignal) {
  let lacking = await blocksWithoutParts(database)
  if (lacking.length === 0) return
  const rebuilding = await openRebuilding(database)
  try {
    for (; lacking.length > 0; lacking = await blocksWithoutParts(database))
      for (const { tenantId, blockId } of lacking) {
        if (signal.aborted) return
        await rebuild(rebuilding, tenantId, [blockId])
      }
  } finally {
    await rebuilding.close()
  }
}

const checkedAtOnce = 100

/** Holds block after block against the hashes of what was delivered, some at each turn, and begins anew behind the last. */
export function blockChecks(database: Database) {
  const first = { tenantId: 0, blockId: -1 }
  let last = first
  return async (signal: AbortSignal) => {
    const blocks = await blocksBehind(database, last, checkedAtOnce)
    for (const block of blocks) {
      if (signal.aborted) return
      await checkBlock(database, block.tenantId, block.blockId)
      last = block
    }
    if (blocks.length < checkedAtOnce) last = first
  }
}

interface Joining {
  database: Database
  services: Pick<Services, 'count'>
  /** Ends the work between two exchanges; the next time goes on. */
  signal: AbortSignal
}

/**
 * Makes full blocks of many small ones of one source and day: an agent that sends a few rows at a time must not make searches
 * slow. Rows keep their names, bytes and times; only blocks received on one day are joined, so that they also go on one day. When
 * a day is over, what is left of it is as joined as it will be, and its grams come into the index.
 */
export async function joinBlocks({ database, services, signal }: Joining) {
  const days = await daysToJoin(database)
  if (days.length === 0) return
  const rebuilding = await openRebuilding(database)
  try {
    for (const day of days) {
      const small = await smallBlocks(database, day)
      if (small.length < worthJoining && !day.over) continue
      for (const group of groupsOf(small)) {
        if (signal.aborted) return
        if (group.length === 1 && !day.over) continue
        const ids = group.map((block) => block.blockId)
        const outcome = await rebuild(rebuilding, day.tenantId, ids, day.over)
        if (outcome.kind === 'made') services.count({ kind: 'joined', blocks: ids.length, rows: outcome.rows })
      }
    }
  } finally {
    await rebuilding.close()
  }
}
