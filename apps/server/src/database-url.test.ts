import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { managed, testServers } from '@velocicompanion/db/testing-servers'
import { afterAll, expect, test } from 'vitest'
import { clientOf, firstAccount, freePort, sendRows, startServer } from './testing.ts'

const postgres = await testServers()
const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-url-'))
afterAll(() => {
  for (const server of postgres) server.stop()
  rmSync(dataDir, { recursive: true })
})

const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B', start_row: 0, rows: 2 }
const body = `${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n{"pid":4,"big":9007199254740993}\n{"pid":5}\n`

test.each(postgres)(
  'serves from $name by DATABASE_URL, with two servers on one database',
  async ({ name, superUrl }) => {
    const [url] = await managed(
      superUrl,
      `server_${process.pid}_${postgres.findIndex((p) => p.name === name)}`,
      'inherit',
    )
    const settings = { DATABASE_URL: url, SECRET_KEY: 'one secret of at least 32 characters' }
    const first = await startServer(dataDir, await freePort(), [], settings)
    try {
      const { token, who } = await firstAccount(first.base)
      expect((await sendRows(first.base, token, body)).status).toBe(200)
      const second = await startServer(dataDir, await freePort(), [], settings)
      try {
        const { call, signIn } = clientOf(second.base)
        await signIn(who.username, who.password)
        const found = await call<{ total: number; rows: { id: string }[] }>('rows.search', {
          query: '9007199254740993',
        })
        expect(found.total).toBe(1)
        expect(await call('rows.raw', { id: found.rows[0]!.id })).toBe('{"pid":4,"big":9007199254740993}')
        expect((await sendRows(second.base, token, body)).status).toBe(200)
        expect((await call<{ total: number }>('rows.search', { query: '' })).total).toBe(2)
      } finally {
        expect(await second.stop()).toBe(0)
      }
    } finally {
      expect(await first.stop()).toBe(0)
    }
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
  },
)
