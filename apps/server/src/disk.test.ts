import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limitsOf, spaceOf, watchDisk, type Space } from './disk.ts'
import { openLog } from './log.ts'
import { appBed, firstAccount, sendRows } from './testing.ts'

const GB = 1e9
const lines: { level: number; msg: string }[] = []
const log = openLog('info', { write: (line) => void lines.push(JSON.parse(line)) })
let space: Space | Error = { free: 50 * GB, size: 100 * GB }
const disk = watchDisk(async () => {
  if (space instanceof Error) throw space
  return space
}, log)
const becomes = async (now: typeof space) => {
  space = now
  await disk.check()
}

let bed: Awaited<ReturnType<typeof appBed>>
let base: string
let account: Awaited<ReturnType<typeof firstAccount>>
beforeAll(async () => {
  bed = await appBed({ disk, services: { warnings: disk.warnings }, settings: { INGEST_BODY_MB: 8 } })
  base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  account = await firstAccount(base)
})
afterAll(() => bed.close())

const envelope = { kind: 'batch', org_id: 'root', client_id: 'C.1', artifact: 'A', start_row: 0 }
const head = (flow: string, rows: number) => `${JSON.stringify({ ...envelope, flow_id: flow, rows })}\n`
/** Long enough for groups to be stored while the rest of a body is awaited. */
const rows = (n: number) => `{"a":"${'x'.repeat(300)}"}\n`.repeat(n)
const warnings = async () => (await account.call<{ warnings: { text: string }[] }>('health.status')).warnings

test.each([
  [1, 0.25, 0.1],
  [10, 2, 0.5],
  [30, 3, 1],
  [100, 10, 100 / 30],
  [10_000, 20, 5],
])('a disk of %i GB is nearly full below %d GB, and full below %d GB', (size, low, full) => {
  expect(limitsOf({ size: size * GB })).toEqual({ low: low * GB, full: full * GB })
})

test('the free space of a real disk is read', async () => {
  const { free, size } = await spaceOf(tmpdir())
  expect(size).toBeGreaterThan(0)
  expect(free).toBeLessThanOrEqual(size)
})

test('a disk that is nearly full is told once in the log and on screen until there is room, and takes rows in', async () => {
  await becomes({ free: 50 * GB, size: 100 * GB })
  expect(await warnings()).toEqual([])
  lines.length = 0
  await becomes({ free: 9 * GB, size: 100 * GB })
  await becomes({ free: 8.9 * GB, size: 100 * GB })
  expect(lines.map(({ level }) => level)).toEqual([40])
  expect((await warnings())[0]!.text).toMatch(/8\.9 GB of 100\.0 GB are free/)
  expect((await sendRows(base, account.token, head('F.low', 1) + rows(1))).status).toBe(200)
  await becomes({ free: 50 * GB, size: 100 * GB })
  expect(await warnings()).toEqual([])
})

test.each(['/api/ingestion/rows', '/api/ingestion/ingest'])(
  '%s answers 503 before the disk is full, and takes in again when there is room',
  async (path) => {
    const body = path.endsWith('rows') ? head('F.full', 1) + rows(1) : '{"hostname":"a","data":{"b":1}}'
    const headers = { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' }
    const send = () => fetch(base + path, { method: 'POST', headers, body })
    await becomes({ free: 3 * GB, size: 100 * GB })
    const refused = await send()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toEqual({ detail: expect.stringMatching(/disk.*Nothing more is taken in/) })
    expect((await warnings())[0]!.text).toMatch(/Nothing more is taken in/)
    await becomes({ free: 50 * GB, size: 100 * GB })
    expect((await send()).ok).toBe(true)
  },
)

test.each(['elastic/_bulk', 'splunk/services/collector', 'logscale/v1/ingest/humio-structured'])(
  '%s tells its sender to come again while the disk is full, in words that make it keep its rows',
  async (path) => {
    await becomes({ free: 3 * GB, size: 100 * GB })
    const headers = { authorization: `Bearer ${account.token}` }
    const refused = await fetch(`${base}/api/ingestion/${path}`, { method: 'POST', headers, body: '{}\n' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    const isText = refused.headers.get('content-type')!.startsWith('text/plain')
    expect(isText).toBe(path.startsWith('elastic'))
    await becomes({ free: 50 * GB, size: 100 * GB })
  },
)

test('a delivery under way ends with 503 when the disk runs full, and its repeat is taken in whole', async () => {
  const stored = async () => {
    const { values } = await bed.metrics.registry.getSingleMetric('velocicompanion_ingested_rows_total')!.get()
    return values.find(({ labels }) => labels.outcome === 'stored')!.value
  }
  const before = await stored()
  async function* body() {
    yield Buffer.from(head('F.long', 6500) + rows(6000))
    while ((await stored()) < before + 1000) await new Promise(setImmediate)
    await becomes({ free: 3 * GB, size: 100 * GB })
    yield Buffer.from(rows(500))
  }
  const send = (content: unknown) =>
    fetch(`${base}/api/ingestion/rows`, {
      method: 'POST',
      headers: { authorization: `Bearer ${account.token}` },
      body: content as never,
      duplex: 'half',
    } as RequestInit)
  expect((await send(body())).status).toBe(503)
  await becomes({ free: 50 * GB, size: 100 * GB })
  const repeat = await send(head('F.long', 6500) + rows(6500))
  expect(await repeat.json()).toMatchObject({ rows: 6500, rejected: 0 })
  expect(await stored()).toBe(before + 6500)
})

test('free space that cannot be read changes nothing, and is told once', async () => {
  await becomes({ free: 9 * GB, size: 100 * GB })
  lines.length = 0
  await becomes(new Error('no such folder'))
  await becomes(new Error('no such folder'))
  expect(lines.map(({ msg }) => msg)).toEqual(['the free space of the disk cannot be read'])
  expect(disk.warnings()).toHaveLength(1)
})
