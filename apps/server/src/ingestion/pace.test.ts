import { once } from 'node:events'
import { request, type ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appBed, firstAccount, sendRows } from '../testing.ts'

let bed: Awaited<ReturnType<typeof appBed>>
let base: string
let token: string
beforeAll(async () => {
  bed = await appBed({
    pace: { slowMs: 3000, storageMs: 6000, hastyMs: 2000, behindMs: 1000, mostWaiting: 1000, tickMs: 100 },
  })
  base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  token = (await firstAccount(base)).token
})
afterAll(() => bed.close())

const envelope = { kind: 'batch', org_id: 'root', client_id: 'C.1', artifact: 'A', start_row: 0 }
const body = (flow: string, rows: number) =>
  `${JSON.stringify({ ...envelope, flow_id: flow, rows })}\n${'{"a":1}\n'.repeat(rows)}`

/** A sender that sends a few bytes at a time, until it is cut. */
async function drip(number: number): Promise<'cut' | 'answered'> {
  const sent: ClientRequest = request(`${base}/api/ingestion/rows`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-length': 1_000_000 },
  })
  const ended = Promise.race([
    once(sent, 'response').then(() => 'answered' as const),
    once(sent, 'error').then(() => 'cut' as const),
  ])
  // The first failure is the cut; what is written behind it fails too.
  sent.on('error', () => {})
  const text = body(`F.SLOW${number}`, 5000)
  let going = true
  void ended.then(() => (going = false)).catch(() => (going = false))
  for (let at = 0; going; at = (at + 20) % text.length) {
    sent.write(text.slice(at, at + 20))
    await sleep(50)
  }
  return ended.catch(() => 'cut')
}

test('senders that hold a connection and hardly send are cut, and others get through meanwhile', async () => {
  const slow = Promise.all(Array.from({ length: 40 }, (_, i) => drip(i)))
  let cut = false
  void slow.then(() => (cut = true))
  let taken = 0
  for (; !cut; taken++) expect((await sendRows(base, token, body(`F.QUICK${taken}`, 5))).status).toBe(200)
  expect(taken).toBeGreaterThan(5)
  expect(new Set(await slow)).toEqual(new Set(['cut']))
})

test('a sender that goes on sending is not cut, however long its body takes', async () => {
  const text = Buffer.from(body('F.LONG', 10_000))
  async function* pieces() {
    for (let at = 0; at < text.length; at += 4000) {
      yield text.subarray(at, at + 4000)
      await sleep(200)
    }
  }
  const answer = await fetch(`${base}/api/ingestion/rows`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: pieces() as never,
    duplex: 'half',
  } as RequestInit)
  expect(answer.status).toBe(200)
})

const row = '{"a":1,"ClientId":"C.00000000000000aa","FlowId":"F.STUCK","Artifact":"A"}'
const bodies: [path: string, scheme: string, body: string][] = [
  ['rows', 'Bearer', body('F.STUCK', 3)],
  ['elastic/_bulk', 'ApiKey', `{"index":{"_index":"a","_id":"1"}}\n${row}\n`],
  ['splunk/services/collector', 'Splunk', `{"event":${row}}`],
  ['logscale/v1/ingest/humio-structured', 'Bearer', `[{"events":[{"attributes":${row}}],"tags":{}}]`],
]

test.each(bodies)(
  '%s hears to come again when storage does not get on, and its repeat is taken in',
  async (...sent) => {
    const [path, scheme, payload] = sent
    const send = () =>
      fetch(`${base}/api/ingestion/${path}`, {
        method: 'POST',
        headers: { authorization: `${scheme} ${token}` },
        body: payload,
      })
    const stuck = new pg.Client(bed.database.superUrl)
    await stuck.connect()
    await stuck.query('begin; lock table collection_sources')
    const refused = await send()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(refused.headers.get('content-type')!.startsWith('text/plain')).toBe(path.startsWith('elastic'))
    await stuck.query('rollback')
    await stuck.end()
    expect((await send()).status).toBe(200)
  },
)

test('while storage is behind nothing new is taken in, and afterwards it is again', async () => {
  const stuck = new pg.Client(bed.database.superUrl)
  await stuck.connect()
  await stuck.query('begin; lock table collection_sources')
  const first = sendRows(base, token, body('F.BEHIND', 1))
  await sleep(1500)
  const order: string[] = []
  void first.then(() => order.push('first'))
  const second = await sendRows(base, token, body('F.BEHIND2', 1))
  order.push('second')
  const held = await first
  expect([second.status, held.status]).toEqual([503, 503])
  expect(order[0]).toBe('second')
  await stuck.query('rollback')
  await stuck.end()
  expect((await sendRows(base, token, body('F.BEHIND', 1))).status).toBe(200)
})
