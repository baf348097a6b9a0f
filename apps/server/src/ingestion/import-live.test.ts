import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { testBed, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'

let bed: TestBed
let app: FastifyInstance
let tenant = 0
let token = ''

beforeAll(async () => {
  bed = await testBed()
  app = await buildApp(testDeps(bed.database, { settings: { INGEST_BODY_MB: 2 } }))
  await app.ready()
})
beforeEach(async () => {
  tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  token = (await admin.tokens.create({ name: 'sender', scope: 'ingest', server: 'velo', orgId: 'O123' })).token
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

const fixtures = join(import.meta.dirname, 'fixtures')
const containers = join(import.meta.dirname, '../../../../packages/api/src/ingestion/fixtures/containers')
const flowId = 'F.DC2JEFQKO43DK'
const zip = 'flow-export-acme-triage-json'
const { result_sets: sets } = JSON.parse(readFileSync(join(containers, `${zip}.expected.json`), 'utf8')) as {
  result_sets: { artifact: string; json_rows: number }[]
}

const live = {
  elastic: { url: '/api/ingestion/elastic/_bulk', authorization: () => `APIKey ${token}` },
  splunk: { url: '/api/ingestion/splunk/services/collector', authorization: () => `Splunk ${token}` },
}

/** What a real server sent of this flow while it ran. */
async function sendLive(sender: keyof typeof live) {
  const folder = join(fixtures, sender)
  const { url, authorization } = live[sender]
  let sent = 0
  for (const name of readdirSync(folder).toSorted()) {
    const payload = gunzipSync(readFileSync(join(folder, name)))
    if (!name.startsWith('acme-') || !payload.includes(flowId)) continue
    const headers = { authorization: authorization(), 'content-type': 'application/json' }
    expect((await app.inject({ method: 'POST', url, payload, headers })).statusCode).toBe(200)
    sent += 1
  }
  expect(sent).toBeGreaterThan(0)
}

async function bring() {
  const sent = await app.inject({
    method: 'POST',
    url: `/api/ingestion/import?name=${zip}.zip`,
    payload: readFileSync(join(containers, `${zip}.zip`)),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/zip' },
  })
  const { id } = sent.json<{ id: number }>()
  const reader = await bed.callerOf(tenant, 'viewer')
  for (;;) {
    const found = await reader.ingestion.import({ id })
    if (found.state === 'done') return
    if (found.state === 'failed') throw new Error(found.error!)
    await wait(20)
  }
}

/** Rows of each source of the flow that a search finds, and the collections that keep them. */
async function seen() {
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows: collections } = await reader.collections.list({ flowId })
  const counts: Record<string, number> = {}
  for (const { artifact } of sets) {
    const { rows, total } = await reader.rows.search({ query: `source:${artifact}`, limit: 200 })
    const ids = new Set(collections.map(({ id }) => id))
    const own = rows.filter(({ collectionId }) => ids.has(collectionId))
    expect(own).toHaveLength(total)
    counts[artifact] = own.length
  }
  return {
    counts,
    kinds: collections.map(({ kind }) => kind).toSorted(),
    hosts: new Set(collections.map((c) => c.hostId)).size,
  }
}

const whole = {
  counts: Object.fromEntries(sets.map(({ artifact, json_rows: rows }) => [artifact, rows])),
  // The list of uploads, which a server writes anew for an export, stands in a collection of the import.
  kinds: ['flow', 'import', 'unnumbered'],
  hosts: 1,
}

describe.each(Object.keys(live) as (keyof typeof live)[])('%s', (sender) => {
  test('rows that came live and then by zip are one collection of one host, and none is seen twice', async () => {
    await sendLive(sender)
    const before = await seen()
    expect(before.kinds).toEqual(['unnumbered'])
    expect(Object.values(before.counts).reduce((a, b) => a + b, 0)).toBeGreaterThan(0)
    await bring()
    expect(await seen()).toEqual(whole)
    await sendLive(sender)
    expect(await seen()).toEqual(whole)
  })

  test('rows that came by zip and then live are not seen twice either', async () => {
    await bring()
    await sendLive(sender)
    expect(await seen()).toEqual(whole)
  })
})
