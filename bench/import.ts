import { openAsBlob, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bed } from './bed.ts'
import { collection } from './collection.ts'
import { forgetPeak, loadAverage, memoryOf, postgresCpu, serverCpu } from './processes.ts'
import { writeZip } from './zip.ts'

type Bed = Awaited<ReturnType<typeof bed>>
type State = 'queued' | 'running' | 'done' | 'failed'
interface Import {
  state: State
  error: string | null
  result: { stored: number; files: number; file_bytes: number }
}

const megabyte = 1e6
/** Rows make a quarter of a zip's size unpacked, and little of it packed; the rest are files, as of a real collector. */
const rowShare = 0.25
const fileShare = 0.96

/** A collector's zip of about `mb`: sent, read to its end, and one of its files saved. Memory of the server in each stage. */
export async function importZip(mb: number) {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-zip-'))
  const server = await bed()
  try {
    const path = join(folder, 'Collection-WS-0.zip')
    const size = { rowBytes: mb * megabyte * rowShare, fileBytes: Math.round(mb * megabyte * fileShare) }
    const made = await writeZip(path, collection({ flowId: 'F.BENCH', ...size }))
    const load = [loadAverage()]
    await sleep(3000)
    const idleMb = memoryOf(server.pid).nowMb
    const sent = await stage(server, idleMb, () => send(server, path))
    const read = await stage(server, idleMb, () => untilEnded(server, sent.result))
    const saved = await stage(server, idleMb, () => save(server))
    load.push(loadAverage())
    const { state, error, result } = read.result
    if (state !== 'done') throw new Error(`the import ended as ${state}: ${error}`)
    return {
      zip: { packedMb: round(made.bytes), unpackedMb: round(made.unpacked) },
      rows: result.stored,
      files: { count: result.files, mb: round(result.file_bytes) },
      load,
      idleMb,
      sent: sent.figures,
      read: read.figures,
      saved: { mb: round(saved.result), ...saved.figures },
    }
  } finally {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

const round = (bytes: number) => Math.round(bytes / megabyte)

async function stage<T>({ pid, postmaster }: Bed, idleMb: number, work: () => Promise<T>) {
  forgetPeak(pid)
  const before = { at: performance.now(), server: serverCpu(pid), postgres: postgresCpu(postmaster) }
  const result = await work()
  const { peakMb } = memoryOf(pid)
  return {
    result,
    figures: {
      seconds: Number(((performance.now() - before.at) / 1000).toFixed(1)),
      peakMb,
      aboveIdleMb: peakMb - idleMb,
      serverCpu: Number((serverCpu(pid) - before.server).toFixed(1)),
      postgresCpu: Number((postgresCpu(postmaster) - before.postgres).toFixed(1)),
    },
  }
}

async function send({ base, account }: Bed, path: string): Promise<number> {
  const answer = await fetch(`${base}/api/ingestion/import?name=Collection-WS-0.zip`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.token}` },
    body: await openAsBlob(path),
  })
  if (answer.status !== 202) throw new Error(`the import was answered ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { id: number }).id
}

/** Asked with the sender's token, as an access token ends within the hour. */
async function untilEnded({ base, account }: Bed, id: number): Promise<Import> {
  for (;;) {
    const headers = { authorization: `Bearer ${account.token}` }
    const found = (await (await fetch(`${base}/api/ingestion/imports/${id}`, { headers })).json()) as Import
    if (found.state === 'done' || found.state === 'failed') return found
    await sleep(500)
  }
}

/** Reads the largest file back, and throws it away. Returns its bytes. */
async function save({ base, account }: Bed): Promise<number> {
  await account.signIn(account.who.username, account.who.password)
  const { rows } = await account.call<{ rows: { id: number }[] }>('collections.list', { flowId: 'F.BENCH' })
  const input = { collectionId: rows[0]!.id, limit: 200 }
  const files = await account.call<{ rows: { sha256: string; bytes: number }[] }>('ingestion.files', input)
  const { sha256 } = files.rows.toSorted((a, b) => b.bytes - a.bytes)[0]!
  const { token } = await account.call<{ token: string }>('tokens.create', { name: 'reader', scope: 'api' })
  const answer = await fetch(`${base}/api/files/${sha256}`, { headers: { authorization: `Bearer ${token}` } })
  let bytes = 0
  for await (const piece of answer.body!) bytes += piece.length
  return bytes
}
