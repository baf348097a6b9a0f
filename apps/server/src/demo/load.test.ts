import { testServices as services } from '@velocicompanion/api/testing'
import { testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { damaged, interrupted } from './generate.ts'
import { loadDemo } from './load.ts'
import { callerOf, type Deps } from './people.ts'
import { patientZero, story } from './story.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
let root: pg.Client
let deps: Deps
let first: string[]
const said: string[] = []
const passwordOf = (lines: string[], name: string) =>
  lines
    .find((l) => l.includes(` ${name} `))!
    .split(/\s+/)
    .at(-1)!
const one = async (text: string) => (await root.query(text)).rows[0]

beforeAll(async () => {
  database = await testDatabase()
  root = new pg.Client(database.superUrl)
  await root.connect()
  deps = { database, services, say: (line) => said.push(line) }
  first = await loadDemo(deps)
})

afterAll(async () => {
  await root.end()
  await database.close()
})

const signIn = (lines: string[], username: string) =>
  callerOf(deps).auth.signIn({ username, password: passwordOf(lines, username) })

const callerAs = async (lines: string[], username: string) => {
  const { user } = await signIn(lines, username)
  return callerOf(deps, { userId: user.id, username, tenantId: user.tenantId, role: user.role })
}

test('the demo fills both tenants, with what is incomplete and what was set aside', async () => {
  const { hosts, tenants } = await one('select count(*) hosts, count(distinct tenant_id) tenants from hosts')
  expect([Number(tenants), Number(hosts) >= 40]).toEqual([2, true])
  const nora = await callerAs(first, 'nora.admin')
  const open = await nora.collections.list({ incomplete: true, limit: 50 })
  expect(open.rows.map((c) => c.hostname)).toEqual([interrupted])
  const hana = await callerAs(first, 'hana.admin')
  const { rows } = await hana.collections.list({ limit: 200 })
  expect(rows.filter((c) => c.rowsRejected > 0).map((c) => c.hostname)).toEqual([damaged])
})

test('a hunt of the demo reached every host of its tenant, and cases name what it found', async () => {
  const nora = await callerAs(first, 'nora.admin')
  const { rows } = await nora.collections.list({ limit: 200 })
  const hunted = rows.filter((c) => c.huntId !== null)
  expect(new Set(hunted.map((c) => c.hostId)).size).toBe(32)
  expect(new Set(hunted.map((c) => c.huntId)).size).toBe(1)
  const { rows: found } = await nora.artifacts.list({ query: story.loader.ip, limit: 10 })
  expect(found.length).toBeGreaterThan(0)
})

test('one indicator stands in both tenants, and each analyst finds their own part', async () => {
  const seeded = { 'nora.admin': 54, 'hope.viewer': 3 }
  for (const [name, total] of Object.entries(seeded)) {
    const found = await (await callerAs(first, name)).rows.search({ query: story.loader.ip, limit: 10 })
    expect(found).toMatchObject({ total, totalIsExact: true })
    expect(new Set(found.rows.map((row) => row.tenantId)).size).toBe(1)
  }
})

test('every built-in search finds something in one of the tenants', async () => {
  const people = [await callerAs(first, 'nora.admin'), await callerAs(first, 'hana.admin')]
  const { builtIn } = await people[0]!.searches.list({})
  expect(builtIn.length).toBeGreaterThanOrEqual(12)
  const found: Record<string, number> = {}
  for (const { name, query } of builtIn) {
    // Its parameter is asked for when it is run.
    const asked = { query: query.replaceAll('{{host}}', patientZero), limit: 1 }
    const totals = await Promise.all(people.map(async (caller) => (await caller.rows.search(asked)).total))
    found[name] = Math.max(...totals)
  }
  expect(Object.entries(found).filter(([, total]) => total === 0)).toEqual([])
})

test('a second start loads nothing again and renews the passwords', async () => {
  const before = await one('select count(*) deliveries from deliveries')
  const second = await loadDemo(deps)
  expect(await one('select count(*) deliveries from deliveries')).toEqual(before)
  expect(said).toHaveLength(1)
  await expect(signIn(first, 'hal.analyst')).rejects.toThrow('wrong')
  await expect(signIn(second, 'hal.analyst')).resolves.toMatchObject({ user: { role: 'user' } })
})

test('data that are no demo are left alone', async () => {
  const other = await testDatabase()
  const elsewhere = { ...deps, database: other }
  try {
    await callerOf(elsewhere).auth.register({ username: 'dana', password: 'a long sentence for tests' })
    await expect(loadDemo(elsewhere)).rejects.toThrow('no demo')
  } finally {
    await other.close()
  }
})
