import { openDatabase, rolesOf } from '@velocicompanion/db'
import { templateName, testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWorkerApp } from './app.ts'
import { openLog } from './log.ts'
import { testDeps } from './testing.ts'
import { jobsOf, startJobs, type Job } from './worker.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
let root: pg.Client
const lines: string[] = []
const log = openLog('info', { write: (line) => void lines.push(line) })
beforeAll(async () => {
  database = await testDatabase()
  root = new pg.Client(database.superUrl)
  await root.connect()
})
afterAll(async () => {
  await root.end()
  await database.close()
})

const soon = (jobs: Job[]) => jobs.map((job) => ({ ...job, everyMs: 5 }))
const partitions = async () =>
  (
    await root.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent in ('blocks'::regclass, 'block_columns'::regclass) order by 1",
    )
  ).rows.map(({ name }) => name)

async function until(done: () => Promise<boolean> | boolean) {
  while (!(await done())) await new Promise(setImmediate)
}

test.each(['all', 'worker'] as const)('ROLE=%s makes the evidence partitions ahead, again and again', async (role) => {
  const before = await partitions()
  const jobs = startJobs(soon(jobsOf(role, database)), log)
  for (let turn = 0; turn < 2; turn++) {
    const monthly = (await partitions()).filter((name) => !name.endsWith('_default'))
    await root.query(`drop table ${monthly.join(', ')}`)
    await until(async () => (await partitions()).length === before.length)
  }
  await jobs.stop()
  expect(await partitions()).toEqual(before)
})

test('ROLE=server leaves the jobs to the workers', () => {
  expect(jobsOf('server', database)).toEqual([])
})

test('a job that fails is logged and tried at its next turn, and one that runs is waited for', async () => {
  let runs = 0
  let ended = false
  const job = {
    name: 'odd',
    everyMs: 1,
    run: async () => {
      if (++runs === 1) throw new Error('away')
      await new Promise((done) => setTimeout(done, 50))
      ended = true
    },
  }
  const jobs = startJobs([job], log)
  await until(() => runs === 2)
  await jobs.stop()
  expect(ended).toBe(true)
  expect(runs).toBe(2)
  expect(lines.filter((line) => line.includes('a job failed'))).toHaveLength(1)
})

test('a worker answers that it lives, and nothing else', async () => {
  const own = openDatabase(database.url, { roles: rolesOf(templateName) })
  const app = await buildWorkerApp(testDeps(own))
  expect((await app.inject('/health')).json()).toEqual({ status: 'healthy' })
  expect((await app.inject('/health/ready')).statusCode).toBe(200)
  for (const url of ['/', '/api/trpc/auth.firstRun', '/api/hosts']) {
    expect((await app.inject(url)).statusCode).toBe(404)
  }
  await app.close()
  await own.close()
})
