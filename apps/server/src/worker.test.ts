import { testServices } from '@velocicompanion/api/testing'
import { openDatabase, rolesOf } from '@velocicompanion/db'
import { templateName, testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWorkerApp } from './app.ts'
import { openLog } from './log.ts'
import { openMetrics } from './metrics.ts'
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
  const jobs = startJobs(soon(jobsOf(role, database, testServices)), log)
  for (let turn = 0; turn < 2; turn++) {
    const monthly = (await partitions()).filter((name) => !name.endsWith('_default'))
    await root.query(`drop table ${monthly.join(', ')}`)
    await until(async () => (await partitions()).length === before.length)
  }
  await jobs.stop()
  expect(await partitions()).toEqual(before)
})

test('what is past a retention is removed, and a month that is empty is dropped', async () => {
  const month = 'select block_month(now()) as m'
  const old = (await root.query<{ m: number }>(month)).rows[0]!.m - 3
  for (const table of ['blocks', 'block_columns'])
    await root.query(
      `create table ${table}_${old} partition of ${table} for values from (${old}::bigint << 40) to (${old + 1}::bigint << 40);
       alter table ${table}_${old} owner to ${rolesOf(templateName).evidence}`,
    )
  await root.query(`insert into tenants (name, retention_days) values ('short', 30), ('for ever', null);
    insert into sources (tenant_id, name) select id, 'A/B' from tenants;
    insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, terms, received_at)
      select tenant_id, (${old}::bigint << 40) + tenant_id, id, '{}', 7, 0, 0, 2, 'x', '{0,1}', '{1}', now() - interval '90 days' from sources`)
  const left = async () =>
    (await root.query<{ name: string }>('select t.name from blocks b join tenants t on t.id = b.tenant_id order by 1'))
      .rows
  const metrics = openMetrics()
  const jobs = startJobs(soon(jobsOf('worker', database, { ...testServices, count: metrics.count })), log)
  await until(async () => (await left()).length < 2)
  expect(await left()).toEqual([{ name: 'for ever' }])
  expect(await partitions()).toContain(`blocks_${old}`)
  await root.query('update tenants set retention_days = 30, retention_changed_at = now()')
  await until(async () => !(await partitions()).includes(`blocks_${old}`))
  await jobs.stop()
  expect(await left()).toEqual([])
  expect(await partitions()).not.toContain(`block_columns_${old}`)
  expect(await metrics.registry.metrics()).toContain('velocicompanion_retention_removed_total{what="rows"} 14')
})

test('ROLE=server leaves the jobs to the workers', () => {
  expect(jobsOf('server', database, testServices)).toEqual([])
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
  expect(lines.filter((line) => line.includes('a job failed') && line.includes('"odd"'))).toHaveLength(1)
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
