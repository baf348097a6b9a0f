import { setTimeout as sleep } from 'node:timers/promises'
import type { Flow, Ledger } from './ledger.ts'
import { isJsonObject, post, type Answer } from './post.ts'

export type Kind = 'feed' | 'events' | 'elastic' | 'splunk' | 'logscale' | 'webdav'

/** What a sender has to do with: where, by which token, and whether it may make more rows. */
export interface World {
  base: string
  ledger: Ledger
  /** Another token is another version of the sender's settings: an edit, which restarts it. */
  token(kind: Kind): string
  ending(): boolean
  /** Share of requests whose connection breaks in the middle of the body. */
  cuts: number
  /** Of the waits that were recorded; 1 for as long as they were. */
  scale: number
  told: Told
}

/** What happened to the senders, for the report. */
export interface Told {
  requests: number
  answers: Record<string, number>
  /** Rows that a sender gave up, by the answer after which it did. */
  dropped: Record<string, number>
}

const passing = (status: number) => status === 0 || status === 408 || status === 425 || status === 429 || status >= 500
const taken = (status: number) => status >= 200 && status < 300

const pause = ({ scale }: World, seconds: number) => sleep(seconds * 1000 * scale)

async function ask(world: World, kind: Kind, path: string, scheme: string, body: string, over: object = {}) {
  const { base, cuts, told } = world
  const token = world.token(kind)
  const value = scheme === 'Basic' ? Buffer.from(`velociraptor:${token}`).toString('base64') : token
  const headers = { authorization: `${scheme} ${value}`, 'user-agent': agents[kind] ?? 'Velociraptor' }
  const cutAt = Math.random() < cuts ? Math.random() : undefined
  const answer = await post({ url: `${base}/api/ingestion/${path}`, headers, body, cutAt, ...over })
  told.requests++
  told.answers[`${kind} ${answer.status}`] = (told.answers[`${kind} ${answer.status}`] ?? 0) + 1
  return answer
}

const agents: Partial<Record<Kind, string>> = { elastic: 'go-elasticsearch/9.3.2-SNAPSHOT (linux amd64; Go 1.26.8)' }

function give(world: World, kind: Kind, rows: string[], why: string | number) {
  const open = rows.filter((row) => world.ledger.rows.get(row)!.state !== 'acknowledged')
  world.ledger.mark(open, 'dropped')
  if (open.length > 0) world.told.dropped[`${kind} ${why}`] = (world.told.dropped[`${kind} ${why}`] ?? 0) + open.length
}

const nameOf = (kind: Kind, number: number) => `F.${kind.toUpperCase()}${number}`
const clients: Record<Kind, string> = {
  feed: 'C.00000000000000f0',
  events: 'C.00000000000000e0',
  elastic: 'C.00000000000000a0',
  splunk: 'C.00000000000000b0',
  logscale: 'C.00000000000000c0',
  webdav: 'C.00000000000000d0',
}
const flowOf = ({ ledger }: World, kind: Kind, number: number) =>
  ledger.flow(nameOf(kind, number), clients[kind], `Custom.Chaos.${kind}`)

const who = ({ id, client }: Flow) => ({
  org_id: 'root',
  org_name: '<root>',
  client_id: client,
  flow_id: id,
  hunt_id: '',
})
const line = (value: object) => `${JSON.stringify(value)}\n`
const feedBatch = 40

/** The Feed's requests of a flow, each with the rows in it. */
export function* feedRequests(flow: Flow) {
  const from = who(flow)
  const record = { state: 'FINISHED', total_collected_rows: flow.rows.length, request: { artifacts: [flow.artifact] } }
  const client = line({ kind: 'client', version: 1, ...from, record: { os_info: { hostname: flow.client } } })
  yield { rows: [], body: client + line({ kind: 'flow', version: 1, ...from, record }) }
  for (let at = 0; at < flow.rows.length; at += feedBatch) {
    const rows = flow.rows.slice(at, at + feedBatch)
    const head = { kind: 'batch', version: 1, ...from, artifact: flow.artifact, start_row: at, rows: rows.length }
    yield { rows, body: `${line(head)}${rows.join('\n')}\n` }
  }
  const artifacts = [{ artifact: flow.artifact, rows: flow.rows.length }]
  yield { rows: [], body: line({ kind: 'flow_end', version: 1, ...from, rows: flow.rows.length, artifacts }) }
}

/** Waits 1, 2, 5, 10, 30, 60 s; then the flow is put aside and sent again as a whole; a restart sends what is undelivered. */
export async function feed(world: World) {
  const aside: Flow[] = []
  for (let number = 0; !world.ending() || aside.length > 0; number++) {
    const again = world.ending() || Math.random() < 0.2 ? aside.shift() : undefined
    const flow = again ?? flowOf(world, 'feed', number)
    if (!again) world.ledger.more(flow, 150)
    if (!(await feedFlow(world, flow))) aside.push(flow)
    await pause(world, 1)
  }
}

export async function feedFlow(world: World, flow: Flow) {
  for (const { rows, body } of feedRequests(flow)) {
    if (!(await feedRequest(world, body))) return false
    world.ledger.mark(rows, 'acknowledged')
  }
  return true
}

async function feedRequest(world: World, body: string) {
  for (const wait of [1, 2, 5, 10, 30, 60, 0]) {
    const { status } = await ask(world, 'feed', 'rows', 'Bearer', body)
    if (taken(status)) return true
    if (!passing(status)) return false
    await pause(world, wait)
  }
  return false
}

/** A day file that grows; a position that moves with each 2xx; a restart goes back to the last position written down. */
export async function events(world: World) {
  const day = new Date().toISOString().slice(0, 10)
  const files = ['Ticks', 'Stats'].map((name) => ({
    flow: world.ledger.flow(`${day} Custom.Chaos.${name}`, clients.events, `Custom.Chaos.${name}`),
    at: 0,
    written: 0,
  }))
  let token = world.token('events')
  for (let round = 0; !world.ending() || files.some(({ flow, at }) => at < flow.rows.length); round++) {
    if (token !== world.token('events')) {
      token = world.token('events')
      for (const file of files) file.at = file.written
    }
    if (!world.ending()) for (const { flow } of files) world.ledger.more(flow, 1 + Math.floor(Math.random() * 30))
    if (round % 12 === 0) for (const file of files) file.written = file.at
    const sections = files.map((file) => ({ file, rows: file.flow.rows.slice(file.at, file.at + 1000) }))
    const body = sections
      .filter(({ rows }) => rows.length > 0)
      .map(({ file, rows }) => section(file.flow, day, file.at, rows))
    if (body.length > 0 && (await sameBody(world, body.join('')))) {
      for (const { file, rows } of sections) {
        world.ledger.mark(rows, 'acknowledged')
        file.at += rows.length
      }
    }
    await pause(world, 1)
  }
}

const section = ({ client, artifact }: Flow, day: string, start: number, rows: string[]) =>
  `${line({ kind: 'events', version: 1, org_id: 'root', org_name: '<root>', client_id: client, artifact, day, start, rows: rows.length })}${rows.join('\n')}\n`

/** The same body after each wait; then, and at once after a refusal, bodies are cut anew a minute later. */
async function sameBody(world: World, body: string) {
  for (const wait of [1, 2, 5, 10, 0]) {
    const { status } = await ask(world, 'events', 'rows', 'Bearer', body)
    if (taken(status)) return true
    if (!passing(status)) break
    await pause(world, wait)
  }
  // The recorded minute, shortened: what counts is that the next body is longer.
  await pause(world, 5)
  return false
}

type Batch = (world: World, rows: string[], token: string) => Promise<void>

/** A built-in uploader: takes rows of finished flows in batches, keeps nothing beyond its buffer. */
async function uploader(world: World, kind: Kind, send: Batch) {
  for (let number = 0; !world.ending(); number++) {
    const flow = flowOf(world, kind, number)
    for (let batch = 0; batch < 4 && !world.ending(); batch++)
      await send(world, world.ledger.more(flow, 25), world.token(kind))
    await pause(world, 1)
  }
}

/** Looks at no status: a JSON object empties the buffer, anything else keeps it, sent again every 2 s. */
export const elastic = (world: World) =>
  uploader(world, 'elastic', async (w, rows, token) => {
    const number = () => (BigInt.asIntN(64, BigInt(Math.floor(Math.random() * 2 ** 52))) - 2n ** 51n).toString()
    const body = rows
      .map((row) => `{ "index" : {"_id" : "${number()}", "_index": "artifact_chaos"} }\n${row}\n`)
      .join('')
    for (;;) {
      let answer: Answer | undefined
      for (let burst = 0; burst < 4; burst++) {
        answer = await ask(w, 'elastic', 'elastic/_bulk', 'Basic', body)
        if (![0, 502, 503, 504].includes(answer.status)) break
      }
      const { status, text } = answer!
      if (status !== 0 && isJsonObject(text)) {
        if (status === 200 && !text.includes('"errors":true')) w.ledger.mark(rows, 'acknowledged')
        else give(w, 'elastic', rows, `JSON ${status}`)
        return
      }
      if (token !== w.token('elastic')) return give(w, 'elastic', rows, 'edit')
      await pause(w, 2)
    }
  })

/** Only 200 counts; tries at 0, 2, 6 and 14 s, waits 20 s for an answer, then drops. */
export const splunk = (world: World) =>
  uploader(world, 'splunk', async (w, rows, token) => {
    const body = rows.map((row) => `{"time":1,"host":"${clients.splunk}","source":"velociraptor","event":${row}}`)
    let last = 0
    for (const wait of [2, 4, 8, 0]) {
      const over = { timeoutMs: 20_000 }
      const { status } = await ask(w, 'splunk', 'splunk/services/collector', 'Splunk', body.join('\r\n\r\n'), over)
      if (status === 200) return w.ledger.mark(rows, 'acknowledged')
      last = status
      if (token !== w.token('splunk')) return give(w, 'splunk', rows, 'edit')
      await pause(w, wait)
    }
    give(w, 'splunk', rows, last)
  })

/** 200 counts; 429 and 503 with Retry-After, and a connection that fails, make it wait; all else drops at once. */
export const logscale = (world: World) =>
  uploader(world, 'logscale', async (w, rows, token) => {
    const events = rows.map(
      (row) => `{"events":[{"timestamp":"2026-11-24T07:08:35Z","attributes":${row}}],"tags":{"flow":"x"}}`,
    )
    for (let tries = 0; ; tries++) {
      const over = { timeoutMs: 10_000 }
      const path = 'logscale/v1/ingest/humio-structured'
      const { status, retryAfter } = await ask(w, 'logscale', path, 'Bearer', `[${events.join()}]`, over)
      if (status === 200) return w.ledger.mark(rows, 'acknowledged')
      const waits = status === 0 || ((status === 429 || status === 503) && retryAfter !== undefined)
      if (!waits) return give(w, 'logscale', rows, status)
      if (token !== w.token('logscale')) return give(w, 'logscale', rows, 'edit')
      await pause(w, retryAfter ?? Math.min(2 ** tries, 60))
    }
  })

/** One PUT a file; an answer of any kind is success to it, a broken connection an error in Velociraptor's own log. */
export async function webdav(world: World) {
  for (let number = 0; !world.ending(); number++) {
    const flow = flowOf(world, 'webdav', number)
    const rows = world.ledger.more(flow, 40)
    const path = `webdav/drop/${flow.id}.jsonl`
    const { status } = await ask(world, 'webdav', path, 'Basic', `${rows.join('\n')}\n`, { method: 'PUT' })
    if (taken(status)) world.ledger.mark(rows, 'acknowledged')
    else give(world, 'webdav', rows, status)
    await pause(world, 10)
  }
}
