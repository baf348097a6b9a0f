import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killableServer } from './testing.ts'

let server: Awaited<ReturnType<typeof killableServer>>
beforeAll(async () => {
  server = await killableServer()
}, 120_000)
afterAll(() => server.close())

interface Hits {
  rows: { value: string; rows: number; hosts: number }[]
}

const batch = 20
const batches = 30

test(
  'rows that were matched while the server was killed are each a hit, and each once',
  { timeout: 240_000 },
  async () => {
    const { call } = server
    const values = ['203.0.113.77', 'evil.example']
    const indicators = [
      { kind: 'ip', value: values[0] },
      { kind: 'domain', value: values[1] },
      { kind: 'other', match: 'wildcard', value: '*anyview*' },
    ]
    const send = async (start: number) => {
      const rows = Array.from({ length: batch }, (_, n) =>
        JSON.stringify({
          n: start + n,
          to: values[0],
          url: `http://${values[1]}/${start + n}`,
          cmd: 'run ANYVIEW.exe',
        }),
      )
      await server.send(rows, start)
    }
    await call('indicators.create', { name: 'l', indicators })
    const hits = () => call<Hits>('indicators.hits', {})
    let sent = 0
    for (; sent < batches; sent++) {
      await send(sent * batch)
      // In the middle of what is matched meanwhile.
      if (sent > batches / 2 && (await hits()).rows.length > 0) break
      await sleep(200)
    }
    await server.kill()
    await server.start()
    // What nobody can know to have arrived is sent again.
    for (let again = 0; again <= sent; again++) await send(again * batch)
    const all = (sent + 1) * batch
    const wanted = indicators.map(({ value }) => ({ value, rows: all, hosts: 1 }))
    const counted = async () =>
      (await hits()).rows
        .map(({ value, rows, hosts }) => ({ value, rows, hosts }))
        .toSorted((a, b) => (a.value < b.value ? -1 : 1))
    while ((await counted()).reduce((sum, { rows }) => sum + rows, 0) < 3 * all) await sleep(300)
    await sleep(4000)
    expect(await counted()).toEqual(wanted.toSorted((a, b) => (a.value! < b.value! ? -1 : 1)))
  },
)
