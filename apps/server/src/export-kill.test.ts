import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killableServer } from './testing.ts'

const rows = Array.from({ length: 60_000 }, (_, n) => `{"n":${n},"text":"${'some words of a row '.repeat(20)}${n}"}`)
let server: Awaited<ReturnType<typeof killableServer>>
beforeAll(async () => {
  server = await killableServer()
}, 120_000)
afterAll(() => server.close())

interface Export {
  id: number
  state: string
  error: string | null
  bytes: number
  rows: number
  asOf: string | null
}

test(
  'an export whose server is killed in its middle begins again, and nobody takes half of it for the whole',
  { timeout: 300_000 },
  async () => {
    const { call } = server
    const { token: reader } = await call<{ token: string }>('tokens.create', { name: 'reader', scope: 'api' })
    for (let at = 0; at < rows.length; at += 10_000) await server.send(rows.slice(at, at + 10_000))
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
    await server.kill()
    await expect(cut).rejects.toThrow('terminated')
    await server.start()
    const done = await until(id, ({ state }) => state === 'done')
    expect([done.rows, done.asOf === begun.asOf]).toEqual([rows.length, false])
    const whole = await read(id)
    expect(whole.headers.get('content-length')).toBe(String(done.bytes))
    expect((await whole.text()).split('\n').toSorted()).toEqual(['', ...rows].toSorted())
    const told = await call<{ rows: { words: string }[] }>('notifications.list')
    expect(told.rows).toHaveLength(1)
  },
)
