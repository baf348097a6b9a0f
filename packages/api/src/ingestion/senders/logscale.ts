import { AppError } from '../../errors.ts'
import { elementsOf, isArray, isObject, membersIn, NotJson, readJson, type Span } from '../document/scan.ts'
import { placeOf, type Unit } from './unit.ts'

const wrong = (why: string) => new AppError('BAD_REQUEST', `The body must be an array of {events, tags}: ${why}`)

/** Events of a `humio-structured` body; the row is the event's `attributes`. Throws BAD_REQUEST. */
export function readLogscale(body: Buffer): Unit[] {
  try {
    const start = body.findIndex((byte) => byte > 32)
    const whole = { start: Math.max(start, 0), end: body.length }
    if (!isArray(body, whole)) throw wrong('it is none')
    return elementsOf(body, whole).flatMap((element) => eventsOf(body, element))
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
