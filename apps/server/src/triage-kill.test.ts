import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killableServer } from './testing.ts'

const total = 60_000
let server: Awaited<ReturnType<typeof killableServer>>
beforeAll(async () => {
  server = await killableServer()
}, 120_000)
afterAll(() => server.close())

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
    const { call } = server
    for (let at = 0; at < total; at += 10_000)
      await server.send(Array.from({ length: 10_000 }, (_, i) => `{"n":${at + i}}`))
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
    await server.kill()
    await server.start()
    expect(await until(id, ({ state }) => state === 'done')).toMatchObject({ rows: total })
    expect(await marked('mark:benign | count')).toBe(total)
    await call('triage.undo', { id })
    expect(await until(id, ({ state }) => state === 'undone')).toMatchObject({ kept: 0 })
    expect(await marked('mark:benign | count')).toBe(0)
  },
)
