import {
  applyRetention,
  arrivals,
  blockChecks,
  completeBlocks,
  expireExports,
  forgetNotifications,
  joinBlocks,
  type Services,
  ruleRows,
  sweepLists,
} from '@velocicompanion/api'
import { dropEmptyPartition, makePartitions, type Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Settings } from './env.ts'

/** Work that nobody asks for, done again and again. Several processes may do it at once. */
export interface Job {
  name: string
  everyMs: number
  /** Long work ends early, where it can go on the next time, when the signal says so. */
  run(signal: AbortSignal): Promise<unknown>
}

const minute = 60_000
const hour = 60 * minute

/** What a process of this role does beside answering: a server leaves it to the workers. */
export const jobsOf = (
  role: Settings['ROLE'],
  database: Database,
  services: Pick<Services, 'now' | 'count' | 'searches'>,
): Job[] =>
  role === 'server'
    ? []
    : [
        // What GIN puts off, every search reads through: once for each of its values, so of terms soon. Of grams there are many
        // more, and taking in more of them at once costs less.
        { name: 'pending terms', everyMs: 10_000, run: () => takeIn(database, 'terms') },
        { name: 'pending grams', everyMs: 60_000, run: () => takeIn(database, 'grams') },
        // Partitions are made two months ahead, so a try that fails has weeks to be made good.
        { name: 'partitions', everyMs: 12 * hour, run: () => makePartitions(database.db, database.roles) },
        { name: 'retention', everyMs: 10 * minute, run: (signal) => applyRetention({ database, services, signal }) },
        // A store that was filled by an older release is searched as one of this; most of the time there is nothing to do.
        { name: 'parts of blocks', everyMs: 2 * minute, run: (signal) => completeBlocks(database, signal) },
        { name: 'sound blocks', everyMs: minute, run: blockChecks(database) },
        { name: 'small blocks', everyMs: 5 * minute, run: (signal) => joinBlocks({ database, services, signal }) },
        // A row that arrives is a hit at the latest 10 s later.
        { name: 'indicators in new rows', everyMs: 3000, run: arrivals(database, services) },
        {
          name: 'indicators in stored rows',
          everyMs: 3000,
          run: (signal) => sweepLists({ database, services, signal }),
        },
        // A row that arrives is out of the way about as soon.
        { name: 'benign rules', everyMs: 3000, run: ruleRows(database, services) },
        { name: 'old exports', everyMs: 10 * minute, run: (signal) => expireExports(database, signal) },
        { name: 'old notifications', everyMs: 6 * hour, run: (signal) => forgetNotifications(database, signal) },
        { name: 'empty months', everyMs: hour, run: () => dropEmptyMonths(database) },
      ]

const takeIn = ({ db }: Database, column: 'terms' | 'grams') => sql`select take_in_pending(${column})`.execute(db)

const lockNotAvailable = '55P03'

/** Its moment without readers may not come this time; the next try may have it. */
async function dropEmptyMonths({ db, roles }: Database) {
  try {
    while (await dropEmptyPartition(db, roles));
  } catch (error) {
    if ((error as { code?: string }).code !== lockNotAvailable) throw error
  }
}

/** Runs each job in its interval, one run of it at a time. A run that fails is tried again at its next turn. */
export function startJobs(jobs: Job[], log: Logger) {
  const timers = new Map<Job, NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  const plan = (job: Job) =>
    timers.set(
      job,
      setTimeout(() => start(job), job.everyMs),
    )
  const start = (job: Job) => {
    const run = turn(job).finally(() => running.delete(run))
    running.add(run)
  }
  const turn = async (job: Job) => {
    try {
      await job.run(stopping.signal)
    } catch (error) {
      log.error({ err: error, job: job.name }, 'a job failed')
    }
    if (!stopping.signal.aborted) plan(job)
  }
  for (const job of jobs) plan(job)
  return {
    /** Returns when what is under way has ended. */
    async stop() {
      stopping.abort()
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
