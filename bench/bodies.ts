import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sendRows } from '../apps/server/src/testing.ts'
import { bed } from './bed.ts'
import { latency, timed } from './figures.ts'
import { watchLoop } from './loop.ts'
import { forgetPeak, loadAverage, memoryOf } from './processes.ts'
import { randomFrom } from './random.ts'

type Bed = Awaited<ReturnType<typeof bed>>
const MB = 1024 * 1024

interface Way {
  path: string
  scheme: string
  head(number: number, rows: number): string
  row(text: string): string
  between: string
  tail: string
}

const placeOf = (number: number) =>
  `"ClientId":"C.00000000000000b${number % 10}","FlowId":"F.BODY${number}","Artifact":"Bench.Bodies"`
const batch = (number: number, rows: number) => ({
  kind: 'batch',
  version: 1,
  org_id: 'root',
  client_id: `C.00000000000000b${number % 10}`,
  flow_id: `F.BODY${number}`,
  artifact: 'Bench.Bodies',
  start_row: 0,
  rows,
})

const ways: Record<string, Way> = {
  feed: {
    path: 'rows',
    scheme: 'Bearer',
    head: (number, rows) => `${JSON.stringify(batch(number, rows))}\n`,
    row: (text) => `${text}\n`,
    between: '',
    tail: '',
  },
  elastic: {
    path: 'elastic/_bulk',
    scheme: 'ApiKey',
    head: () => '',
    row: (text) => `{ "index" : {"_id" : "1", "_index": "artifact_bodies"} }\n${text}\n`,
    between: '',
    tail: '',
  },
  splunk: {
    path: 'splunk/services/collector',
    scheme: 'Splunk',
    head: () => '',
    row: (text) => `{"time":1,"event":${text}}\r\n\r\n`,
    between: '',
    tail: '',
  },
  logscale: {
    path: 'logscale/v1/ingest/humio-structured',
    scheme: 'Bearer',
    head: () => '[',
    row: (text) => `{"events":[{"attributes":${text}}],"tags":{}}`,
    between: ',',
    tail: ']',
  },
}

/** Pieces of about 256 kB, each row another, made while they are sent: none of these bodies is held here. */
function* piecesOf(way: Way, number: number, rows: number) {
  const { below, hex } = randomFrom(number + 1)
  yield way.head(number, rows)
  for (let at = 0; at < rows;) {
    const piece: string[] = []
    for (const end = Math.min(rows, at + 700); at < end; at++) {
      const text = `{"n":${at},"of":${number},"Path":"C:\\\\Windows\\\\${hex(12)}.tmp","Size":${below(1e9)},"Hash":"${hex(64)}","Note":"${hex(8)} ${'the same words again '.repeat(5)}",${placeOf(number)}}`
      piece.push((at > 0 ? way.between : '') + way.row(text))
    }
    yield piece.join('')
  }
  yield way.tail
}

const rowBytes = (way: Way) => Buffer.byteLength([...piecesOf(way, 0, 700)].join('')) / 700

async function sendBody({ base, account }: Bed, way: Way, number: number, rows: number) {
  const headers = { authorization: `${way.scheme} ${account.token}`, 'user-agent': 'go-elasticsearch/9.3.2-SNAPSHOT' }
  const sent = request(`${base}/api/ingestion/${way.path}`, { method: 'POST', agent: false, headers })
  let over = false
  // Told by the wait for the answer; a connection that is closed behind a refusal fails once more.
  sent.on('error', () => (over = true))
  const answered = (once(sent, 'response') as Promise<[IncomingMessage]>).finally(() => (over = true))
  answered.catch(() => {})
  for (const piece of piecesOf(way, number, rows)) {
    // An answer before the end of the body is a refusal.
    if (over) break
    if (!sent.write(piece)) {
      const stop = new AbortController()
      await Promise.race([once(sent, 'drain', { signal: stop.signal }).catch(() => {}), answered])
      stop.abort()
    }
  }
  sent.end()
  const [answer] = await answered
  answer.resume()
  return answer.statusCode
}

/** Each sends until it is taken in, as a sender told to come again does. */
async function untilTaken(server: Bed, way: Way, number: number, rows: number) {
  for (let tries = 1; ; tries++) {
    const status = await sendBody(server, way, number, rows).catch(() => 0)
    if (status === 200) return tries
    if (status !== 0 && status !== 503) throw new Error(`${way.path} answered ${status}`)
    await sleep(2000)
  }
}

async function together(server: Bed, name: string, senders: number, mb: number) {
  const way = ways[name]!
  const rows = Math.floor((mb * MB) / rowBytes(way))
  forgetPeak(server.pid)
  let tries: number[] = []
  const ms = await timed(async () => {
    tries = await Promise.all(Array.from({ length: senders }, (_, i) => untilTaken(server, way, i, rows)))
  })
  const peakMb = memoryOf(server.pid).peakMb
  console.error(`${name}: ${Math.round(ms / 1000)} s, ${peakMb} MB at most`)
  return {
    sender: name,
    bodies: senders,
    mb,
    seconds: Math.round(ms / 100) / 10,
    peakMb,
    mostTries: Math.max(...tries),
  }
}

/** What a person on the web waits for, until told to stop. */
async function webUntil({ account }: Bed, ended: () => boolean) {
  const times: number[] = []
  while (!ended()) {
    for (const path of ['hosts.list', 'collections.list', 'health.status'])
      times.push(await timed(() => account.call(path, path === 'health.status' ? {} : { limit: 50 })))
    await sleep(50)
  }
  return latency(times)
}

async function beside(server: Bed, work: () => Promise<unknown>) {
  let over = false
  const web = webUntil(server, () => over)
  await work()
  over = true
  return web
}

/** Connections that send 1 kB a second; returns when all of them are cut, with the seconds until the last was. */
async function slowSenders({ base, account }: Bed, connections: number) {
  const agent = new Agent({ maxSockets: connections })
  const head = Buffer.from(`${JSON.stringify(batch(0, 1e6))}\n`)
  const drip = async () => {
    const headers = { authorization: `Bearer ${account.token}`, 'content-length': 100 * MB }
    const sent = request(`${base}/api/ingestion/rows`, { method: 'POST', agent, headers })
    let open = true
    sent.on('error', () => (open = false))
    sent.on('response', () => (open = false))
    sent.write(head)
    while (open) {
      sent.write('{"slow":1}\n'.repeat(93))
      await sleep(1000)
    }
  }
  return Math.round((await timed(() => Promise.all(Array.from({ length: connections }, drip)))) / 100) / 10
}

async function quickUntil({ base, account }: Bed, name: string, ended: () => boolean) {
  const times: number[] = []
  for (let i = 0; !ended() || i < 20; i++) {
    const rows = [...piecesOf(ways.feed!, i, 150)].slice(1).join('')
    const head = JSON.stringify({ ...batch(i, 150), flow_id: `F.QUICK${name}${i}` })
    const send = async () => {
      const answer = await sendRows(base, account.token, `${head}\n${rows}`)
      await answer.text()
      if (!answer.ok) throw new Error(`a quick sender was answered ${answer.status}`)
    }
    times.push(await timed(send))
    await sleep(50)
  }
  return latency(times)
}

async function slowLeg(server: Bed, connections: number) {
  const alone = await quickUntil(server, 'A', () => true)
  let cut = false
  const slowing = slowSenders(server, connections).finally(() => (cut = true))
  const besideThem = await quickUntil(server, 'B', () => cut)
  const figures = {
    connections,
    cutAfterSeconds: await slowing,
    quick: { alone, beside: besideThem, p95OfAlone: Number((besideThem.p95 / alone.p95).toFixed(2)) },
    memory: memoryOf(server.pid),
  }
  console.error(JSON.stringify(figures))
  return figures
}

/** One route on a server of its own: what it does to memory, to the event loop, and to a person on the web. */
async function routeLeg(name: string, senders: number, mb: number) {
  const loop = watchLoop()
  const server = await bed()
  try {
    await sendBody(server, ways[name]!, 99, 1000)
    await beside(server, () => sleep(3000))
    await loop.held(server.pid)
    const idle = await beside(server, () => sleep(10_000))
    const held = { idle: await loop.held(server.pid) }
    const idleMb = memoryOf(server.pid).nowMb
    let leg: Awaited<ReturnType<typeof together>> | undefined
    const busy = await beside(server, async () => void (leg = await together(server, name, senders, mb)))
    const web = { idle, busy, p95OfIdle: Number((busy.p95 / idle.p95).toFixed(2)) }
    const figures = { ...leg, idleMb, web, loop: { ...held, busy: await loop.held(server.pid) } }
    console.error(JSON.stringify(figures))
    return figures
  } finally {
    await server.remove()
    loop.close()
  }
}

async function slowly(connections: number) {
  const server = await bed()
  try {
    await sendBody(server, ways.feed!, 99, 1000)
    return await slowLeg(server, connections)
  } finally {
    await server.remove()
  }
}

/** Many large bodies at once by each route, what the web takes meanwhile, and many senders that hardly send. */
export async function bodies(senders: number, mb: number, slow: number, only = Object.keys(ways).join()) {
  const load = [loadAverage()]
  const slowOnes = slow > 0 ? await slowly(slow) : undefined
  const routes: Awaited<ReturnType<typeof routeLeg>>[] = []
  for (const name of only.split(',')) routes.push(await routeLeg(name, senders, mb))
  load.push(loadAverage())
  return { load, routes, slow: slowOnes }
}
