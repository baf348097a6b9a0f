import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openAsBlob, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collection } from '../../../../bench/collection.ts'
import { writeZip } from '../../../../bench/zip.ts'
import { type clientOf, firstAccount, freePort, startServer, type TestServer } from '../testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-import-'))
const path = join(folder, 'Collection-WS-0.zip')
/** Lines and hash of every source, as they go into the zip. */
const sent: Record<string, { rows: number; sha256: string }> = {}
const size = { flowId: 'F.KILLED', rowBytes: 30e6, fileBytes: 40e6 }
let server: TestServer
let port = 0

beforeAll(async () => {
  await writeZip(path, noted())
  port = await freePort()
  server = await startServer(join(folder, 'data'), port)
}, 120_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

function* noted() {
  for (const { name, bytes } of collection(size)) {
    const source = /^results\/(.+)\.json$/.exec(name)?.[1]
    yield { name, bytes: source ? counted(decodeURIComponent(source), bytes) : bytes }
  }
}

function* counted(source: string, bytes: Iterable<Buffer>) {
  const hash = createHash('sha256')
  let rows = 0
  for (const piece of bytes) {
    hash.update(piece)
    rows += piece.toString('latin1').split('\n').length - 1
    yield piece
  }
  sent[source] = { rows, sha256: hash.digest('hex') }
}

async function killAndStart() {
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  server = await startServer(join(folder, 'data'), port)
}

interface Import {
  id: number
  state: string
  error: string | null
  result: { rows: number; stored: number; known: number; rejected: number; files: number; membersDone: number } | null
}
type Call = ReturnType<typeof clientOf>['call']

/** Looks until the import is as wanted. */
async function until(call: Call, id: number, wanted: (found: Import) => boolean) {
  for (;;) {
    const found = await call<Import>('ingestion.import', { id })
    if (wanted(found)) return found
    if (found.state === 'failed') throw new Error(`the import failed: ${found.error}`)
    await sleep(50)
  }
}

const send = async (token: string, body: Blob | ReadableStream) => {
  const answer = await fetch(`${server.base}/api/ingestion/import?name=Collection-WS-0.zip`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body,
    duplex: 'half',
  } as RequestInit)
  return (await answer.json()) as { id: number }
}

/** The same of what the server gives back. */
async function stored(call: Call, token: string) {
  const { rows } = await call<{ rows: { id: number; incomplete: boolean }[] }>('collections.list', {})
  expect(rows).toMatchObject([{ incomplete: false }])
  const { sources } = await call<{ sources: { id: number; name: string; rowsStored: number }[] }>('collections.get', {
    id: rows[0]!.id,
  })
  const found: typeof sent = {}
  for (const { name, rowsStored } of sources) {
    const path = `/api/collections/${rows[0]!.id}/rows?source=${encodeURIComponent(name)}`
    const answer = await fetch(`${server.base}${path}`, { headers: { authorization: `Bearer ${token}` } })
    const hash = createHash('sha256')
    for await (const piece of answer.body!) hash.update(piece)
    found[name] = { rows: rowsStored, sha256: hash.digest('hex') }
  }
  return found
}

test(
  'an import goes on after kill -9 of the server, twice, and stores each row once',
  { timeout: 600_000 },
  async () => {
    const { call, token, signIn, who } = await firstAccount(server.base)
    const { token: reader } = await call<{ token: string }>('tokens.create', { name: 'reader', scope: 'api' })
    // The first try to send it ends with the server, in its middle.
    const blob = await openAsBlob(path)
    let killed: Promise<void> | undefined
    async function* half() {
      yield Buffer.from(await blob.slice(0, blob.size / 2).arrayBuffer())
      killed = killAndStart()
      await killed
    }
    await expect(send(token, ReadableStream.from(half()))).rejects.toThrow('fetch failed')
    await killed
    await signIn(who.username, who.password)
    expect(await call('ingestion.imports')).toMatchObject({ rows: [] })
    const { id } = await send(token, blob)
    for (const least of [3000, 6000]) {
      const cut = await until(call, id, ({ result }) => (result?.stored ?? 0) + (result?.known ?? 0) > least)
      expect(cut.state).toBe('running')
      await killAndStart()
      await signIn(who.username, who.password)
    }
    const done = await until(call, id, ({ state }) => state === 'done')
    const rows = Object.values(sent).reduce((sum, source) => sum + source.rows, 0)
    expect(done.result).toMatchObject({ rows, rejected: 0, files: 1 })
    expect(done.result!.known).toBeGreaterThan(3000)
    expect(await stored(call, reader)).toEqual(sent)
  },
)
