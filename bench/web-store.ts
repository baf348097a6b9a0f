import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstAccount, freePort, startServer } from '../apps/server/src/testing.ts'
import { openSender } from './bed.ts'

interface Filled {
  rows: number
  loadSeconds: number
  who: { username: string; password: string }
  /** Of the hosts that have rows. */
  clientIds: string[]
}

const stateFile = (dataDir: string) => join(dataDir, 'bench-web.json')

/** The server with seeded rows of one tenant: those of a kept folder, or new ones that the Feed's sender sends. */
export async function openRows(rows: number, kept: string | undefined) {
  const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'velocicompanion-web-'))
  mkdirSync(dataDir, { recursive: true })
  const server = await startServer(dataDir, await freePort())
  const end = () => server.process.kill()
  process.once('exit', end)
  const close = async () => {
    process.off('exit', end)
    await server.stop()
    if (kept === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    if (!existsSync(stateFile(dataDir)))
      writeFileSync(stateFile(dataDir), JSON.stringify(await fill(server.base, rows)))
    const filled = JSON.parse(readFileSync(stateFile(dataDir), 'utf8')) as Filled
    return { base: server.base, ...filled, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function fill(base: string, rows: number): Promise<Filled> {
  const { who, token } = await firstAccount(base)
  const sender = await openSender(rows)
  try {
    const ms = await sender.order({ what: 'feed', base, token, run: 'web', connections: 2 })
    const clientIds = [...new Set(sender.index.deliveries.map(({ clientId }) => clientId))]
    return { rows: sender.index.rows, loadSeconds: Math.round(ms / 1000), who, clientIds }
  } finally {
    await sender.close()
  }
}
