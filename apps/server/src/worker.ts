import { makePartitions, type Database } from '@velocicompanion/db'
import type { Logger } from 'pino'
import type { Settings } from './env.ts'

/** Work that nobody asks for, done again and again. Several processes may do it at once. */
export interface Job {
  name: string
  everyMs: number
  run(): Promise<unknown>
}

const hour = 3_600_000

/** What a process of this role does beside answering: a server leaves it to the workers. */
export const jobsOf = (role: Settings['ROLE'], { db, roles }: Database): Job[] =>
  role === 'server'
    ? []
    : // Partitions are made two months ahead, so a try that fails has weeks to be made good.
      [{ name: 'partitions', everyMs: 12 * hour, run: () => makePartitions(db, roles) }]

/** Runs each job in its interval, one run of it at a time. A run that fails is tried again at its next turn. */
export function startJobs(jobs: Job[], log: Logger) {
  const timers = new Map<Job, NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let stopped = false
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
      await job.run()
    } catch (error) {
      log.error({ err: error, job: job.name }, 'a job failed')
    }
    if (!stopped) plan(job)
  }
  for (const job of jobs) plan(job)
  return {
    /** Returns when what is under way has ended. */
    async stop() {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
