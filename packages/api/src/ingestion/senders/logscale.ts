import { AppError } from '../../errors.ts'
import { elementsOf, isArray, isObject, membersIn, NotJson, readJson, type Span } from '../document/scan.ts'
import type { Ingest } from '../store.ts'
import { ownTurn, turnRows } from '../turns.ts'
import { piecesOf, type Piece } from './pieces.ts'
import { placeOf, type Unit } from './unit.ts'
import { receiveInPieces, type Streamed } from './unnumbered.ts'

const wrong = (why: string) => new AppError('BAD_REQUEST', `The body must be an array of {events, tags}: ${why}`)

const [SPACE, COMMA, ARRAY_END] = [32, 44, 93] as const

/** Takes a `humio-structured` body in pieces, as they come: it is never held whole. Throws BAD_REQUEST. */
export async function receiveLogscale(ingest: Ingest, { body, limit, ...request }: Streamed) {
  return receiveInPieces(ingest, { ...request, kind: 'logscale' }, listsOf(piecesOf(body, limit, 1)))
}

/** Makes each piece of the one list a list. */
async function* listsOf(pieces: AsyncIterable<Piece>) {
  let came: Piece | undefined
  for await (const piece of pieces) {
    const opened = came ? openAgain(piece.bytes) : piece.bytes
    const units = await readLogscale(piece.last ? opened : Buffer.concat([opened, Buffer.from(']')]))
    came = piece
    if (units.length > 0) yield { bytes: piece.bytes, units, aside: [] }
  }
  if (!came?.last) throw wrong('it does not end')
}

/** Behind an element, a list goes on with a comma, or ends. */
function openAgain(bytes: Buffer) {
  const at = bytes.findIndex((byte) => byte > SPACE)
  if (bytes[at] !== COMMA && bytes[at] !== ARRAY_END) throw wrong('a comma is missing')
  return Buffer.concat([Buffer.from('['), bytes.subarray(bytes[at] === COMMA ? at + 1 : at)])
}

/** Events of a `humio-structured` body; the row is the event's `attributes`. Throws BAD_REQUEST. */
async function readLogscale(body: Buffer): Promise<Unit[]> {
  try {
    const start = body.findIndex((byte) => byte > 32)
    const whole = { start: Math.max(start, 0), end: body.length }
    if (!isArray(body, whole)) throw wrong('it is none')
    await ownTurn()
    const units: Unit[] = []
    for (const [i, element] of elementsOf(body, whole).entries()) {
      if (i % turnRows === 0) await ownTurn()
      for (const unit of eventsOf(body, element)) units.push(unit)
    }
    return units
  } catch (error) {
    if (error instanceof NotJson) throw wrong(error.message)
    throw error
  }
}

const memberOf = (body: Buffer, object: Span, key: string) => {
  if (!isObject(body, object)) throw wrong('an element is no object')
  return membersIn(body, object).members.findLast((member) => member.key === key)
}

function eventsOf(body: Buffer, element: Span): Unit[] {
  const events = memberOf(body, element, 'events')
  const tags = memberOf(body, element, 'tags')
  if (!events || !isArray(body, events)) throw wrong('events must be an array')
  const tagged = (tags ? (readJson(body, tags) as Record<string, unknown> | null) : null) ?? {}
  return elementsOf(body, events).map((event) => {
    const row = memberOf(body, event, 'attributes')
    if (!row) throw wrong('an event without attributes')
    const fallback = { clientId: tagged.ClientId, hostname: tagged.ClientHostname, artifact: tagged.Artifact }
    return { row: body.subarray(row.start, row.end), place: placeOf(readJson(body, row), fallback) }
  })
}
