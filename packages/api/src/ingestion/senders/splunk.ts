import { isObject, membersIn, NotJson, readJson, valuesIn, type Member, type Span } from '../document/scan.ts'
import type { Ingest } from '../store.ts'
import { ownTurn, turnRows } from '../turns.ts'
import { piecesOf } from './pieces.ts'
import { placeOf, type Unit } from './unit.ts'
import { receiveInPieces, type Streamed } from './unnumbered.ts'

/** A refusal in HEC's own words and codes. */
export class HecError extends Error {
  readonly status: number
  readonly code: number
  readonly event: number | undefined
  constructor(status: number, code: number, text: string, event?: number) {
    super(text)
    this.status = status
    this.code = code
    this.event = event
  }
}

/**
 * Takes a HEC body in pieces, as they come: it is never held whole. Events in front of the piece that can't be read are stored, as
 * Splunk does it. Throws HecError.
 */
export async function receiveHec(ingest: Ingest, { body, limit, ...request }: Streamed) {
  let events = 0
  async function* read() {
    for await (const { bytes } of piecesOf(body, limit, 0)) {
      const units = await readHec(bytes, events)
      events += units.length
      if (units.length > 0) yield { bytes, units, aside: [] }
    }
  }
  const came = await receiveInPieces(ingest, { ...request, kind: 'splunk' }, read())
  if (events === 0) throw new HecError(400, 5, 'No data')
  return came
}

/** Objects one behind the other; `before` events came in earlier pieces. */
async function readHec(body: Buffer, before: number): Promise<Unit[]> {
  const units: Unit[] = []
  for (const value of valuesOf(body, before)) {
    if (units.length % turnRows === 0) await ownTurn()
    units.push(unitOf(body, value, before + units.length))
  }
  return units
}

function* valuesOf(body: Buffer, before: number) {
  let event = before
  try {
    for (const value of valuesIn(body)) {
      yield value
      event++
    }
  } catch (error) {
    if (error instanceof NotJson) throw new HecError(400, 6, 'Invalid data format', event)
    throw error
  }
}

function unitOf(body: Buffer, value: Span, event: number): Unit {
  if (!isObject(body, value)) throw new HecError(400, 6, 'Invalid data format', event)
  try {
    const { members } = membersIn(body, value)
    const of = (key: string): Member | undefined => members.findLast((member) => member.key === key)
    const read = (key: string) => {
      const member = of(key)
      return member && readJson(body, member)
    }
    const row = of('event')
    if (!row) throw new HecError(400, 12, 'Event field is required', event)
    const parsed = readJson(body, row)
    if (parsed === null || parsed === '') throw new HecError(400, 13, 'Event field cannot be blank', event)
    const host = read('host')
    const isClient = typeof host === 'string' && /^(C\.[0-9a-f]{16}(-\w+)?|server)$/.test(host)
    const fallback = { artifact: read('source'), ...(isClient ? { clientId: host } : { hostname: host }) }
    return { row: body.subarray(row.start, row.end), place: placeOf(parsed, fallback) }
  } catch (error) {
    if (error instanceof NotJson) throw new HecError(400, 6, 'Invalid data format', event)
    throw error
  }
}
