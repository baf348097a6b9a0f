import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstAccount, freePort, sendRows, startServer, type TestServer } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-triage-'))
const total = 60_000
let server: TestServer
let port = 0

beforeAll(async () => {
  port = await freePort()
  server = await startServer(join(folder, 'data'), port)
}, 120_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Action {
  state: string
  error: string | null
  rows: number
  kept: number
}

test(
  'marking all rows of a query goes on after a kill in its middle, and one undo takes back all of it',
  { timeout: 300_000 },
  async () => {
    const { call, token, signIn, who } = await firstAccount(server.base)
    const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B' }
    for (let at = 0; at < total; at += 10_000) {
      const lines = Array.from({ length: 10_000 }, (_, i) => `{"n":${at + i}}`)
      const envelope = { kind: 'batch', version: 1, ...flow, start_row: at, rows: lines.length }
      const { status } = await sendRows(server.base, token, `${JSON.stringify(envelope)}\n${lines.join('\n')}\n`)
      expect(status).toBe(200)
    }
    const until = async (id: number, wanted: (found: Action) => boolean) => {
      for (;;) {
        const found = await call<Action>('triage.action', { id })
        if (wanted(found)) return found
        if (found.state === 'failed' || found.state === 'done') throw new Error(`${found.state}: ${found.error}`)
        await sleep(5)
      }
    }
    const marked = async (query: string) => (await call<{ total: number }>('rows.search', { query })).total
    const { action: id } = await call<{ action: number }>('triage.markFound', { query: 'n:*', mark: 'benign' })
    await until(id, ({ state, rows }) => state === 'running' && rows > 0 && rows < total)
    server.process.kill('SIGKILL')
    await once(server.process, 'exit')
    server = await startServer(join(folder, 'data'), port)
    await signIn(who.username, who.password)
    expect(await until(id, ({ state }) => state === 'done')).toMatchObject({ rows: total })
    expect(await marked('mark:benign | count')).toBe(total)
    await call('triage.undo', { id })
    expect(await until(id, ({ state }) => state === 'undone')).toMatchObject({ kept: 0 })
    expect(await marked('mark:benign | count')).toBe(0)
  },
)
