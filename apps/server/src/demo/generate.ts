import { fleet, type Host } from './fleet.ts'
import { flowOf, resultsOf, type DemoFlow } from './flows.ts'
import { hex, randomFrom } from './random.ts'
import type { Making } from './windows.ts'

export interface DemoOptions {
  seed: string
  /** Every time in the demo is told from here; whole seconds. */
  now: Date
}

const hour = 3_600_000
/** This host's triage stopped half way: what is missing shows on the pages about completeness. */
export const interrupted = 'nwc-ws-16'
/** Lines that are no JSON: one host's collector wrote them while its disk was full. */
export const damaged = 'hbr-edge-03'

/** The whole demo, flow by flow. The same options give the same bytes. */
export function* generateDemo({ seed, now }: DemoOptions): Generator<DemoFlow> {
  const today = Math.floor(now.getTime() / 1000) * 1000
  for (const host of fleet(seed)) yield* flowsOfHost(host, seed, today)
}

function* flowsOfHost(host: Host, seed: string, now: number): Generator<DemoFlow> {
  const random = randomFrom(`${seed} rows of ${host.name}`)
  const making: Making = { host, random, now: now - 3 * hour }
  const { hunt, triage } = resultsOf(making)
  const id = `H.${hex(`${seed} ${host.tenant.name}`, 13).toUpperCase()}`
  const description = `${host.tenant.name}: processes and connections`
  const common = { host, random, creator: 'hunter' }
  yield flowOf({ ...common, ran: now - 2 * hour, results: hunt, hunt: { id, description } })
  const flow = flowOf({ ...common, ran: now - 90 * 60_000, results: triage })
  if (host.name === interrupted) yield { ...flow, bodies: flow.bodies.slice(0, 4) }
  else if (host.name === damaged) yield { ...flow, bodies: flow.bodies.map(cutLines) }
  else yield flow
}

/** Cuts every fortieth line of a batch short, as a full disk does. */
function cutLines(body: string) {
  if (!body.startsWith('{"kind":"batch"')) return body
  const lines = body.split('\n')
  return lines.map((line, i) => (i > 0 && i % 40 === 0 ? line.slice(0, 60) : line)).join('\n')
}
