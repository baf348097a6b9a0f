import { setTimeout as sleep } from 'node:timers/promises'
import { bed, openSender } from './bed.ts'
import { loadAverage, postgresCpu, serverCpu } from './processes.ts'

type Bed = Awaited<ReturnType<typeof bed>>
type Call = Bed['account']['call']

interface Action {
  state: string
  rows: number
}

interface Rule {
  applying: boolean
  rows: number
}

/** All rows marked by a query and given back, with searches meanwhile; then the hunt screen with and without so many benign rules. */
export async function triage(rows: number, rules: number, rounds: number) {
  const sender = await openSender(rows)
  const server = await bed()
  try {
    const { base, account } = server
    await sender.order({ what: 'feed', base, token: account.token, run: 'triage', connections: 2 })
    const { call } = account
    const load = [loadAverage()]
    const bulk = await marked(server)
    const made = await ruled(call, rules)
    // In turns, so that what else the machine does falls on both alike.
    const [without, hiding]: [Cost[], Cost[]] = [[], []]
    for (let round = -1; round < rounds; round++) {
      const pair = [await opened(server, false), await opened(server, true)] as const
      if (round < 0) continue
      without.push(pair[0])
      hiding.push(pair[1])
    }
    load.push(loadAverage())
    const [a, b] = [medians(without), medians(hiding)]
    return {
      rows: sender.index.rows,
      load,
      bulk,
      rules: made,
      screen: {
        without: a,
        hiding: b,
        ratio: { wall: share(b.ms, a.ms), cpu: share(b.cpu, a.cpu) },
      },
    }
  } finally {
    await server.remove()
    await sender.close()
  }
}

interface Cost {
  ms: number
  /** Seconds of server and PostgreSQL. */
  cpu: number
}

const cpuOf = ({ pid, postmaster }: Bed) => serverCpu(pid) + postgresCpu(postmaster)
const share = (a: number, b: number) => Number((a / b).toFixed(2))
const middle = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

/** CPU is counted in hundredths of a second: of many rounds the mean says more than any one of them. */
const medians = (costs: Cost[]) => ({
  ms: Math.round(middle(costs.map(({ ms }) => ms))),
  cpu: Number(mean(costs.map(({ cpu }) => cpu)).toFixed(4)),
})

/** What the hunt screen asks when it is opened. */
async function opened(server: Bed, hideBenign: boolean): Promise<Cost> {
  const { call } = server.account
  const asked = { query: '', hideBenign }
  const before = { at: performance.now(), cpu: cpuOf(server) }
  await Promise.all([
    call('rows.search', { ...asked, limit: 200 }),
    call('rows.stack', { ...asked, fields: ['source'], order: 'most', limit: 6 }),
    call('rows.stack', { ...asked, fields: ['source'], order: 'fewest', limit: 6 }),
    call('rows.histogram', { ...asked, buckets: 84 }),
  ])
  return { ms: performance.now() - before.at, cpu: cpuOf(server) - before.cpu }
}

async function marked(server: Bed) {
  const { call } = server.account
  const before = { at: performance.now(), cpu: cpuOf(server) }
  const { action } = await call<{ action: number }>('triage.markFound', { query: '', mark: 'seen' })
  const searches: number[] = []
  let state: Action
  do {
    const began = performance.now()
    await call('rows.search', { query: '', limit: 200 })
    searches.push(performance.now() - began)
    await sleep(50)
    state = await call<Action>('triage.action', { id: action })
  } while (state.state === 'queued' || state.state === 'running')
  if (state.state !== 'done') throw new Error(`marking is ${state.state}`)
  const seconds = (performance.now() - before.at) / 1000
  const cpu = cpuOf(server) - before.cpu
  const back = performance.now()
  await call('triage.undo', { id: action })
  while ((await call<Action>('triage.action', { id: action })).state !== 'undone') await sleep(50)
  return {
    rows: state.rows,
    seconds: Number(seconds.toFixed(1)),
    cpuSeconds: Number(cpu.toFixed(1)),
    searchesMeanwhile: {
      n: searches.length,
      ms: Math.round(middle(searches)),
      slowest: Math.round(Math.max(...searches)),
    },
    undoSeconds: Number(((performance.now() - back) / 1000).toFixed(1)),
  }
}

/** Rules for the values of a field that stands in many rows; those beyond its values find nothing. */
async function ruled(call: Call, wanted: number) {
  const values: string[] = []
  for (let cursor: number | null = 0; cursor !== null && values.length < wanted;) {
    const stack: { values: { values: [string | null] }[]; nextCursor: number | null } = await call('rows.stack', {
      query: '',
      fields: ['Pid'],
      limit: 200,
      cursor,
    })
    values.push(...stack.values.flatMap(({ values: [value] }) => value ?? []))
    cursor = stack.nextCursor
  }
  const queries = Array.from({ length: wanted }, (_, i) => `Pid:"${values[i] ?? `none-${i}`}"`)
  const began = performance.now()
  let last = 0
  for (const query of queries)
    ({ id: last } = await call<{ id: number }>('benign.create', { query, reason: 'benchmark' }))
  // One at a time, the oldest first.
  for (;;) {
    const rule = await call<Rule>('benign.get', { id: last })
    if (!rule.applying) break
    await sleep(200)
  }
  const { hidden } = await call<{ hidden: number }>('rows.search', { query: '', hideBenign: true, limit: 1 })
  return {
    made: wanted,
    matching: Math.min(wanted, values.length),
    hidden,
    seconds: Math.round((performance.now() - began) / 1000),
  }
}
