import { setTimeout as sleep } from 'node:timers/promises'
import { clientOf } from '../apps/server/src/testing.ts'
import { hashPassword, passwordMatches } from '../packages/api/src/auth/passwords.ts'
import { bed } from './bed.ts'
import { latency, spread, timed } from './figures.ts'
import { loadAverage } from './processes.ts'

const pairs = 3
/** As many as may try an account at once before it is held back. */
const senders = 4

/** Sign-ins against bare comparisons by bcrypt of the same cost, in turns, and what a flood of them does to other requests. */
export async function signIn(seconds: number) {
  const server = await bed()
  try {
    const { who } = server.account
    const password = who.password
    const stored = await hashPassword(password, 'somebody else')
    const load = [loadAverage()]
    const idle = await healthWhile(server.base, sleep(seconds * 1000))
    const alone: number[] = []
    for (let i = 0; i < 10; i++) alone.push(await timed(() => clientOf(server.base).signIn(who.username, password)))
    const bare: number[] = []
    const rates: number[] = []
    const times: number[] = []
    const health: number[] = []
    for (let pair = 0; pair < pairs; pair++) {
      bare.push(await rateOf(seconds, () => passwordMatches(password, stored), []))
      const flood = rateOf(seconds, () => clientOf(server.base).signIn(who.username, password), times)
      health.push(...(await healthWhile(server.base, flood)))
      rates.push(await flood)
    }
    load.push(loadAverage())
    const [quiet, busy] = [latency(idle), latency(health)]
    return {
      seconds,
      pairs,
      senders,
      load,
      signInAloneMs: latency(alone),
      signInsPerSecond: spread(rates),
      bareComparisonsPerSecond: spread(bare),
      ofBare: spread(rates.map((rate, i) => rate / bare[i]!)),
      signInUnderFloodMs: latency(times),
      healthMs: { idle: quiet, flood: busy, p50Ratio: busy.p50 / quiet.p50, p95Ratio: busy.p95 / quiet.p95 },
    }
  } finally {
    await server.remove()
  }
}

/** How often a second `work` ends, with several under way at once. */
async function rateOf(seconds: number, work: () => Promise<unknown>, times: number[]) {
  const began = performance.now()
  const until = began + seconds * 1000
  let done = 0
  const one = async () => {
    while (performance.now() < until) {
      times.push(await timed(work))
      done++
    }
  }
  await Promise.all(Array.from({ length: senders }, one))
  return done / ((performance.now() - began) / 1000)
}

/** How long another request takes, time after time, until the work ends. */
async function healthWhile(base: string, work: Promise<unknown>) {
  const times: number[] = []
  const state = { ended: false }
  const end = work.finally(() => (state.ended = true))
  while (!state.ended) {
    times.push(await timed(async () => (await fetch(`${base}/health/ready`)).text()))
    await sleep(20)
  }
  await end
  return times
}
