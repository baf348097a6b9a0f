import { setTimeout as sleep } from 'node:timers/promises'
import { bed, openSender } from './bed.ts'
import { forgetPeak, loadAverage, memoryOf, postgresCpu, serverCpu } from './processes.ts'

type Bed = Awaited<ReturnType<typeof bed>>

const formats = ['jsonl', 'csv', 'parquet'] as const
const queries = { all: '', pattern: '*a*' }
/** The server's memory at rest is taken when it has been idle for so long. */
const restMs = 5000

interface Export {
  id: number
  state: string
  error: string | null
  rows: number
  bytes: number
}

/** Every row into a file of each format, saved while it is written. Time to its first byte, and what it costs the server. */
export async function exportRows(rows: number, connections = 2) {
  const sender = await openSender(rows)
  const server = await bed()
  try {
    const { base, account } = server
    await sender.order({ what: 'feed', base, token: account.token, run: 'export', connections })
    const { token } = await account.call<{ token: string }>('tokens.create', { name: 'reader', scope: 'api' })
    await sleep(restMs)
    const load = [loadAverage()]
    const results: unknown[] = []
    for (const format of formats) results.push(await measured(server, token, format, queries.all))
    results.push(await measured(server, token, 'jsonl', queries.pattern))
    load.push(loadAverage())
    return { rows: sender.index.rows, load, results }
  } finally {
    await server.remove()
    await sender.close()
  }
}

async function measured({ base, pid, postmaster }: Bed, token: string, format: string, query: string) {
  await sleep(restMs)
  const idleMb = memoryOf(pid).nowMb
  forgetPeak(pid)
  const before = { at: performance.now(), server: serverCpu(pid), postgres: postgresCpu(postmaster) }
  const since = () => performance.now() - before.at
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const ask = async <T>(path: string, init: RequestInit = {}) =>
    (await (await fetch(`${base}${path}`, { headers, ...init })).json()) as T
  const { id } = await ask<Export>('/api/exports', { method: 'POST', body: JSON.stringify({ format, query }) })
  const first = await firstByte(`${base}/api/exports/${id}/file`, headers)
  const firstByteMs = Math.round(since())
  let bytes = first.bytes
  for await (const piece of first.rest) bytes += piece.length
  const seconds = since() / 1000
  const made = await ask<Export>(`/api/exports/${id}`)
  if (made.state !== 'done' || made.bytes !== bytes)
    throw new Error(`${made.state} ${made.error}: ${bytes} bytes came of ${made.bytes}`)
  const { peakMb } = memoryOf(pid)
  return {
    format,
    query,
    rows: made.rows,
    mb: Math.round(bytes / 1e6),
    seconds: Number(seconds.toFixed(1)),
    mbPerSecond: Number((bytes / 1e6 / seconds).toFixed(1)),
    firstByteMs,
    idleMb,
    peakMb,
    aboveIdleMb: peakMb - idleMb,
    serverCpu: Number((serverCpu(pid) - before.server).toFixed(1)),
    postgresCpu: Number((postgresCpu(postmaster) - before.postgres).toFixed(1)),
  }
}

/** Asks until the export has begun, and waits for something of it. */
async function firstByte(url: string, headers: Record<string, string>) {
  for (;;) {
    const answer = await fetch(url, { headers })
    if (answer.ok) {
      const rest = answer.body![Symbol.asyncIterator]()
      const { value } = await rest.next()
      return { bytes: value?.length ?? 0, rest: { [Symbol.asyncIterator]: () => rest } }
    }
    await answer.body?.cancel()
    await sleep(20)
  }
}
