import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstAccount, freePort, postgresPid, sendRows, startServer, untilReady, type TestServer } from './testing.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-weather-'))
let server: TestServer
beforeAll(async () => {
  server = await startServer(dataDir, await freePort())
})
afterAll(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const rows = 300

test('while PostgreSQL dies and comes back, a search is right or says that the database is away', async () => {
  const { base } = server
  const account = await firstAccount(base)
  const envelope = {
    kind: 'batch',
    version: 1,
    org_id: 'root',
    org_name: 'root',
    client_id: 'C.1',
    flow_id: 'F.1',
    hunt_id: '',
  }
  const lines = Array.from({ length: rows }, (_, n) => JSON.stringify({ Name: n % 3 ? 'a.exe' : 'b.exe', n }))
  const head = JSON.stringify({ ...envelope, artifact: 'S', start_row: 0, rows })
  expect((await sendRows(base, account.token, [head, ...lines].join('\n'))).status).toBe(200)
  const questions: [string, object, (answer: { total: number }) => void][] = [
    ['rows.search', { query: 'a.exe' }, ({ total }) => expect(total).toBe(200)],
    ['rows.stack', { query: '', fields: ['Name'] }, ({ total }) => expect(total).toBe(rows)],
    ['rows.search', { query: '*exe* | count' }, ({ total }) => expect(total).toBe(rows)],
  ]
  let [right, away] = [0, 0]
  const ask = async (n: number) => {
    const [procedure, input, check] = questions[n % questions.length]!
    const answer = await account.call<{ total: number }>(procedure, input).catch((error: Error) => error)
    if (answer instanceof Error) {
      // Never an answer that counts less, and never a text that says nothing.
      expect(answer.message).toMatch(/database does not answer|server is busy/)
      away++
    } else {
      check(answer)
      right++
    }
  }
  for (let kill = 0; kill < 2; kill++) {
    for (let n = 0; n < 6; n++) await ask(n)
    process.kill(postgresPid(dataDir), 'SIGKILL')
    await Promise.all(Array.from({ length: 6 }, (_, n) => ask(n)))
    await untilReady(base)
  }
  for (let n = 0; n < 3; n++) await ask(n)
  expect(away).toBeGreaterThan(0)
  expect(right).toBeGreaterThanOrEqual(15)
})
