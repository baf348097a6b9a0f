import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom } from './random.ts'
import { sources } from './sources.ts'
import { hosts } from './world.ts'

/** One request of the Feed: consecutive rows of one source of one flow, and where its lines lie in the file. */
export interface Delivery {
  clientId: string
  flow: number
  artifact: string
  firstRow: number
  rows: number
  from: number
  bytes: number
}

export interface Deliveries {
  rows: number
  bytes: number
  meanRows: number
  deliveries: Delivery[]
}

/** What the Velociraptor artifact sends at once. */
export const mostRows = 1000
export const mostBytes = 1 << 20
/** With these, a delivery has about 160 rows in the mean; with 20,000, about 730. */
const meanFlowRows = 1900
const firstDay = Date.UTC(2026, 5, 1)

export const linesFile = (folder: string) => join(folder, 'rows.ndjson')
export const indexFile = (folder: string) => join(folder, 'deliveries.json')

/** Writes seeded rows to a file, in the order in which flows end, and what each delivery has of them. */
export function writeDeliveries(folder: string, rows: number, flowRows = meanFlowRows): Deliveries {
  const random = randomFrom(7)
  const file = openSync(linesFile(folder), 'w')
  const all: Deliveries = { rows: 0, bytes: 0, meanRows: 0, deliveries: [] }
  const flows = Math.ceil(rows / flowRows)
  for (let flow = 0; all.rows < rows; flow++) {
    const host = hosts[flow % hosts.length]!
    const at = firstDay + Math.floor((flow / flows) * 90 * 86_400_000)
    const size = flowRows * (0.3 + random.next() * 1.4)
    for (const { artifact, share, row } of sources) {
      const count = Math.min(rows - all.rows, Math.max(1, Math.round((size * share) / 100)))
      const lines = Array.from({ length: count }, () => `${JSON.stringify(row({ random, host, at }))}\n`)
      writeFlow(file, all, { clientId: host.clientId, flow, artifact }, lines)
    }
  }
  closeSync(file)
  all.meanRows = Math.round(all.rows / all.deliveries.length)
  writeFileSync(indexFile(folder), JSON.stringify(all))
  return all
}

function writeFlow(
  file: number,
  all: Deliveries,
  who: Pick<Delivery, 'clientId' | 'flow' | 'artifact'>,
  lines: string[],
) {
  let last: Delivery | undefined
  for (const [row, line] of lines.entries()) {
    const size = Buffer.byteLength(line)
    if (!last || last.rows === mostRows || last.bytes + size > mostBytes) {
      last = { ...who, firstRow: row, rows: 0, from: all.bytes, bytes: 0 }
      all.deliveries.push(last)
    }
    last.rows++
    last.bytes += size
    all.bytes += size
  }
  all.rows += lines.length
  writeSync(file, lines.join(''))
}

export interface Loaded {
  index: Deliveries
  lines: Buffer
}

export const readDeliveries = (folder: string): Loaded => ({
  index: JSON.parse(readFileSync(indexFile(folder), 'utf8')) as Deliveries,
  lines: readFileSync(linesFile(folder)),
})

export const linesOf = ({ lines }: Loaded, { from, bytes }: Delivery) => lines.subarray(from, from + bytes)

/** The body as the Velociraptor artifact sends it. `run` names the flows, so that each run stores its rows anew. */
export function bodyOf(loaded: Loaded, delivery: Delivery, run: string) {
  const { clientId, flow, artifact, firstRow, rows } = delivery
  const who = { org_id: 'root', org_name: 'root', client_id: clientId, flow_id: `F.${run}.${flow}`, hunt_id: '' }
  const envelope = { kind: 'batch', version: 1, ...who, artifact, start_row: firstRow, rows }
  return Buffer.concat([Buffer.from(`${JSON.stringify(envelope)}\n`), linesOf(loaded, delivery)])
}
