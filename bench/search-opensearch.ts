import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Loaded, linesOf, readDeliveries } from './deliveries.ts'
import { latency, timed } from './figures.ts'
import type { Asked } from './search-questions.ts'
import { tenantOfHost, writeTriage } from './search-rows.ts'
import type { Store } from './search-store.ts'
import { hosts } from './world.ts'

const bulkBytes = 8_000_000
const times = ['EventTime', 'Created0x10', 'Timestamp', 'CreateTime', 'VisitTime', 'Mtime', 'Time']

const indexOf = (artifact: string) => `bench_${artifact.toLowerCase().replaceAll('.', '_')}`

type Ask = <T>(method: string, path: string, body?: string | object) => Promise<T>

/** The same rows and questions, on an OpenSearch that the user points at: one index for each source, mapped as it maps by itself. */
export async function openSearch(url: string, { rows }: Store, asked: Asked[], rounds: number) {
  const ask = asker(url)
  const began = performance.now()
  const docs = await load(ask, rows)
  const seconds = Math.round((performance.now() - began) / 1000)
  const results: ({ found: number; ms: { p50: number; p95: number } } | undefined)[] = []
  for (const { openSearch: bodyOf } of asked) {
    if (!bodyOf) {
      results.push(undefined)
      continue
    }
    const one = (round: number) => {
      const { artifact, ...body } = bodyOf(round) as { artifact?: string }
      const index = artifact ? indexOf(artifact) : 'bench_*'
      return ask<{ hits: { total?: { value: number } } }>('POST', `/${index}/_search?request_cache=false`, body)
    }
    for (let round = 0; round < 2; round++) await one(round)
    const found = (await one(0)).hits.total?.value ?? 0
    const all: number[] = []
    for (let round = 0; round < rounds; round++) all.push(await timed(() => one(round)))
    const { p50, p95 } = latency(all)
    results.push({ found, ms: { p50, p95 } })
  }
  return { load: { seconds, docs }, results }
}

const asker =
  (url: string): Ask =>
  async (method, path, body) => {
    const text = typeof body === 'string' ? body : body && JSON.stringify(body)
    const headers = { 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' }
    const answer = await fetch(`${url.replace(/\/$/, '')}${path}`, { method, headers, ...(text && { body: text }) })
    if (!answer.ok) throw new Error(`OpenSearch answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
    return (await answer.json()) as never
  }

/** Sends all rows anew, with their tenant and host beside them. */
async function load(ask: Ask, rows: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-rows-'))
  try {
    writeTriage(folder, rows)
    await ask('DELETE', '/bench_*?expand_wildcards=open&ignore_unavailable=true')
    const mapping = {
      'index.number_of_shards': 1,
      'index.number_of_replicas': 0,
      'index.mapping.total_fields.limit': 10_000,
    }
    await ask('PUT', '/_index_template/bench', { index_patterns: ['bench_*'], template: { settings: mapping } })
    await sendAll(ask, readDeliveries(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  await ask('POST', '/bench_*/_refresh')
  return (await ask<{ count: number }>('GET', '/bench_*/_count')).count
}

async function sendAll(ask: Ask, loaded: Loaded) {
  const tenantOf = new Map(hosts.map(({ clientId }, i) => [clientId, tenantOfHost(i) + 1]))
  let body: string[] = []
  let size = 0
  const flush = async () => {
    if (body.length > 0) await ask('POST', '/_bulk?filter_path=errors', body.join(''))
    body = []
    size = 0
  }
  for (const delivery of loaded.index.deliveries) {
    const head = `${JSON.stringify({ index: { _index: indexOf(delivery.artifact) } })}\n`
    const more = `{"tenant":${tenantOf.get(delivery.clientId)},"client":"${delivery.clientId}",`
    for (const line of linesOf(loaded, delivery).toString().trimEnd().split('\n')) {
      const time = times.map((key) => new RegExp(`"${key}":"([^"]+)"`).exec(line)?.[1]).find(Boolean)
      body.push(head, `${more}${time ? `"event_time":"${time}",` : ''}${line.slice(1)}\n`)
      size += line.length
    }
    if (size > bulkBytes) await flush()
  }
  await flush()
}
