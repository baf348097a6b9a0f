import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { bodyOf, readDeliveries } from './deliveries.ts'
import { openCopy } from './copy.ts'

/** What the benchmark asks of the sender, one line of JSON each, on standard input; the answer is one line too. */
export type Order =
  | { what: 'feed'; base: string; token: string | Record<string, string>; run: string; connections: number }
  | { what: 'copy'; url: string; connections: number }

const folder = process.argv[2]!
const loaded = readDeliveries(folder)
const { deliveries } = loaded.index

/** Each connection takes the next delivery when its last one is answered. */
async function onEach(
  connections: number,
  work: (connection: number, next: () => number | undefined) => Promise<void>,
) {
  let at = 0
  const next = () => (at < deliveries.length ? at++ : undefined)
  await Promise.all(Array.from({ length: connections }, (_, i) => work(i, next)))
}

async function feed({ base, token, run, connections }: Extract<Order, { what: 'feed' }>) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  await onEach(connections, async (_, next) => {
    for (let i = next(); i !== undefined; i = next()) {
      const delivery = deliveries[i]!
      const body = bodyOf(loaded, delivery, run)
      const headers = {
        authorization: `Bearer ${typeof token === 'string' ? token : token[delivery.clientId]}`,
        'content-type': 'application/x-ndjson',
        'content-length': body.length,
      }
      const sent = request(`${base}/api/ingestion/rows`, { method: 'POST', agent, headers }).end(body)
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      const text = await answer.setEncoding('utf8').reduce((all: string, part: string) => all + part, '')
      if (answer.statusCode !== 200) throw new Error(`the server answered ${answer.statusCode}: ${text}`)
    }
  })
  agent.destroy()
}

/** One COPY on each connection, its rows taken delivery by delivery. */
async function copy({ url, connections }: Extract<Order, { what: 'copy' }>) {
  await onEach(connections, async (_, next) => {
    const { write, end } = await openCopy(url)
    for (let i = next(); i !== undefined; i = next()) {
      const { from, bytes } = deliveries[i]!
      await write(loaded.lines.subarray(from, from + bytes))
    }
    await end()
  })
}

console.log(JSON.stringify({ ready: true }))
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  const began = performance.now()
  await (order.what === 'feed' ? feed(order) : copy(order))
  console.log(JSON.stringify({ ms: performance.now() - began }))
}
