import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appBed, clientOf } from './testing.ts'

let bed: Awaited<ReturnType<typeof appBed>>
let root: pg.Client
let base: string
let token: string
beforeAll(async () => {
  bed = await appBed()
  root = new pg.Client(bed.database.superUrl)
  await root.connect()
  await bed.app.listen({ port: 0, host: '127.0.0.1' })
  base = `http://127.0.0.1:${(bed.app.server.address() as AddressInfo).port}`
  const who = { username: 'dana', password: 'a long sentence for tests' }
  const client = clientOf(base)
  await client.call('auth.register', { ...who, tenantName: 'Northwind Clinics' })
  token = (await client.call<{ accessToken: string }>('auth.signIn', who)).accessToken
})
afterAll(async () => {
  await root.end()
  await bed.close()
})

const waiting = async () =>
  (
    await root.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    )
  ).rows[0]!.n

const ask = (procedure: string, input: object, signal?: AbortSignal) =>
  fetch(`${base}/api/trpc/${procedure}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
    ...(signal && { signal }),
  })

test.each([
  { procedure: 'rows.search', input: { query: 'svchost.exe' } },
  { procedure: 'rows.stack', input: { query: '', fields: ['Name'] } },
  { procedure: 'rows.search', input: { query: '', tenant: 'all' } },
  { procedure: 'values.seen', input: { value: '192.0.2.1' } },
  { procedure: 'indicators.sweep', input: { values: ['192.0.2.1', '192.0.2.2'] } },
])('what $procedure has under way in the database ends when its asker goes away', async ({ procedure, input }) => {
  // A statement that would go on for as long as the lock is held.
  await root.query('begin; lock table blocks in access exclusive mode')
  try {
    const stop = new AbortController()
    const asked = ask(procedure, input, stop.signal)
    await expect.poll(waiting).toBe(1)
    stop.abort()
    await expect(asked).rejects.toThrow(/abort/i)
    await expect.poll(waiting).toBe(0)
  } finally {
    await root.query('rollback')
  }
  // The connection serves others as before.
  for (let i = 0; i < 12; i++) expect((await ask('rows.search', { query: '' })).status).toBe(200)
})
