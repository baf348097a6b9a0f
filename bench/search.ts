import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { openSender } from './bed.ts'
import { latency, timed } from './figures.ts'
import { watchLoop } from './loop.ts'
import { loadAverage, memoryOf, postgresCpu, serverCpu } from './processes.ts'
import { openSearch } from './search-opensearch.ts'
import { type Asked, questions } from './search-questions.ts'
import { openStore, serve, type Store } from './search-store.ts'

interface Answer {
  total?: number
  rows?: number | { id: string }[]
  hits?: unknown[]
}

interface Options {
  rows: number
  rounds: number
  /** A folder whose rows are kept for the next run. */
  folder?: string | undefined
  /** A regular expression: only questions whose names fit. */
  only?: string | undefined
  /** Asks all once more while two senders push into a tenant of their own: the folder has their rows afterwards. */
  busy?: boolean
}

/**
 * The table of goals: each question cold, as the first after PostgreSQL and the server started; then when both are warm, its chunks read
 * and opened anew, and kept from before; with `OPENSEARCH_URL`, another beside it.
 */
export async function search({ rows, rounds, folder, only = '', busy = false }: Options) {
  const loop = watchLoop()
  const { store, remove } = await openStore(rows, folder)
  try {
    const asked = questions(store).filter(({ name }) => new RegExp(only).test(name))
    const load = [loadAverage()]
    const first = await pass(store, loop, asked, rounds, { settings: { SEARCH_CACHE_MB: '0' } })
    const repeated = await pass(store, loop, asked, rounds, {})
    load.push(loadAverage())
    const meanwhile = busy ? await pass(store, loop, asked, rounds, { busy }) : undefined
    const url = process.env.OPENSEARCH_URL
    const other = url ? await openSearch(url, store, asked, rounds) : undefined
    const results = asked.map((question, i) => {
      const [one, two] = [first.results[i]!, repeated.results[i]!]
      return {
        name: question.name,
        found: two.found,
        ...(question.goal !== undefined && { goalMs: [question.firstGoal ?? question.goal, question.goal] }),
        ...besideOurs(other?.results[i], two.figures.ms.p50),
        coldMs: first.cold[i]!,
        first: one.figures,
        repeated: two.figures,
        ...(meanwhile && { whileRowsArrive: meanwhile.results[i]!.figures }),
        answer: two.digest === one.digest ? two.digest : `${one.digest} and ${two.digest}`,
      }
    })
    const { dataDir: _folder, who: _who, ...kept } = store
    const arrived = meanwhile && { rowsArrived: meanwhile.arrived }
    return {
      ...kept,
      ...(other && { openSearch: other.load }),
      rounds,
      load,
      memory: repeated.memory,
      ...arrived,
      results,
    }
  } finally {
    remove()
    loop.close()
  }
}

/** How many times as long OpenSearch took: above 1, ours is faster. */
const besideOurs = (other: { found: number; ms: { p50: number; p95: number } } | undefined, ours: number) =>
  other && { openSearch: { ...other, ofOurs: Number((other.ms.p50 / ours).toFixed(2)) } }

async function pass(
  store: Store,
  loop: ReturnType<typeof watchLoop>,
  asked: Asked[],
  rounds: number,
  { settings = {}, busy = false }: { settings?: Record<string, string>; busy?: boolean },
) {
  const server = await serve(store, settings)
  const ask = caller(server.base, await server.token())
  try {
    const cold: number[] = []
    for (const { procedure, input } of asked)
      cold.push(Number((await timed(() => ask(procedure, input(0)))).toFixed(1)))
    // Code that runs for the first time is slow, and no figure of a server that has run for a while.
    for (let round = 1; round < warming; round++)
      for (const { procedure, input } of asked) await ask(procedure, input(round))
    const senders = busy ? await sendMeanwhile(server) : undefined
    const results = []
    for (const question of asked) results.push(await measure(ask, question, rounds, { server, loop }))
    const arrived = await senders?.stop()
    return { cold, results, arrived, memory: memoryOf(server.pid) }
  } finally {
    await server.stop()
  }
}

const rowsMeanwhile = 20_000

/** Two senders that push without a pause into a tenant of their own. */
async function sendMeanwhile({ base, call }: Awaited<ReturnType<typeof serve>>) {
  const at = Date.now()
  const { id } = await call<{ id: number }>('tenants.create', { name: `Senders ${at}` })
  await call('users.create', { username: `senders-${at}`, role: 'admin', tenant: id })
  const wanted = { name: 'sender', scope: 'ingest', server: 'velociraptor', orgId: 'root', tenant: id }
  const { token } = await call<{ token: string }>('tokens.create', wanted)
  const sender = await openSender(rowsMeanwhile)
  let stopped = false
  let sent = 0
  const sending = (async () => {
    for (let run = 0; !stopped; run++) {
      await sender.order({ what: 'feed', base, token, run: `${at}-${run}`, connections: 2 })
      sent += sender.index.rows
    }
  })()
  const stop = async () => {
    stopped = true
    await sending
    await sender.close()
    return sent
  }
  return { stop }
}

/** How often all questions are asked before the first is measured. */
const warming = 12

type Caller = (procedure: string, input: object) => Promise<string>

interface Watched {
  server: { pid: number; postmaster: number }
  loop: ReturnType<typeof watchLoop>
}

async function measure(ask: Caller, { procedure, input }: Asked, rounds: number, { server, loop }: Watched) {
  const hash = createHash('sha256')
  let found = 0
  for (let round = 0; round < 3; round++) {
    const answer = (JSON.parse(await ask(procedure, input(round))) as { result: { data: Answer } }).result.data
    if (round === 0) found = foundOf(answer)
    hash.update(JSON.stringify(plain(answer)))
  }
  await loop.held(server.pid)
  const cpu = [serverCpu(server.pid), postgresCpu(server.postmaster)]
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await timed(() => ask(procedure, input(round))))
  const each = (used: number, before: number) => Number((((used - before) * 1000) / rounds).toFixed(1))
  const cpuMs = [each(serverCpu(server.pid), cpu[0]!), each(postgresCpu(server.postmaster), cpu[1]!)]
  const held = await loop.held(server.pid)
  const { p50, p95 } = latency(times)
  return { found, digest: hash.digest('hex').slice(0, 12), figures: { ms: { p50, p95 }, cpuMs, loopHeldMs: held } }
}

/** What an answer counted. */
const foundOf = ({ total, hits, rows }: Answer) => total ?? hits?.length ?? (typeof rows === 'number' ? rows : 0)

/** What must be the same however it was found. */
const plain = ({ tookMs: _took, ...answer }: Answer & { tookMs?: number }) =>
  Array.isArray(answer.rows) ? { ...answer, rows: answer.rows.map(({ id }) => id) } : answer

/** One connection that stays open, and no compression. */
function caller(base: string, token: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return (procedure, input) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(input)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        authorization: `Bearer ${token}`,
      }
      const sent = request(`${base}/api/trpc/${procedure}`, { method: 'POST', agent, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('end', () =>
          answer.statusCode === 200
            ? resolve(text)
            : reject(new Error(`${procedure} ${body.slice(0, 200)}: ${text.slice(0, 300)}`)),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
}
