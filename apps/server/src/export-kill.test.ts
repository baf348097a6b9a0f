import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstAccount, freePort, sendRows, startServer, type TestServer } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-export-'))
const rows = Array.from({ length: 60_000 }, (_, n) => `{"n":${n},"text":"${'some words of a row '.repeat(20)}${n}"}`)
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

interface Export {
  id: number
  state: string
  error: string | null
  bytes: number
  rows: number
  asOf: string | null
}

async function fill(token: string) {
  const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B' }
  for (let at = 0; at < rows.length; at += 10_000) {
    const some = rows.slice(at, at + 10_000)
    const envelope = { kind: 'batch', version: 1, ...flow, start_row: at, rows: some.length }
    const answer = await sendRows(server.base, token, `${JSON.stringify(envelope)}\n${some.join('\n')}\n`)
    expect(answer.status).toBe(200)
  }
}

test(
  'an export whose server is killed in its middle begins again, and nobody takes half of it for the whole',
  { timeout: 300_000 },
  async () => {
    const { call, token, signIn, who } = await firstAccount(server.base)
    const { token: reader } = await call<{ token: string }>('tokens.create', { name: 'reader', scope: 'api' })
    await fill(token)
    const until = async (id: number, wanted: (found: Export) => boolean) => {
      for (;;) {
        const found = await call<Export>('exports.get', { id })
        if (wanted(found)) return found
        if (found.state === 'failed' || found.state === 'done') throw new Error(`${found.state}: ${found.error}`)
        await sleep(10)
      }
    }
    const read = (id: number) =>
      fetch(`${server.base}/api/exports/${id}/file`, { headers: { authorization: `Bearer ${reader}` } })
    const { id } = await call<Export>('exports.create', { format: 'jsonl' })
    const begun = await until(id, ({ state, bytes }) => state === 'running' && bytes > 0)
    const half = await read(id)
    expect([half.status, half.headers.get('content-length')]).toEqual([200, null])
    const cut = half.arrayBuffer()
    cut.catch(() => {})
    server.process.kill('SIGKILL')
    await once(server.process, 'exit')
    await expect(cut).rejects.toThrow('terminated')
    server = await startServer(join(folder, 'data'), port)
    await signIn(who.username, who.password)
    const done = await until(id, ({ state }) => state === 'done')
    expect([done.rows, done.asOf === begun.asOf]).toEqual([rows.length, false])
    const whole = await read(id)
    expect(whole.headers.get('content-length')).toBe(String(done.bytes))
    expect((await whole.text()).split('\n').toSorted()).toEqual(['', ...rows].toSorted())
    const told = await call<{ rows: { words: string }[] }>('notifications.list')
    expect(told.rows).toHaveLength(1)
  },
)
