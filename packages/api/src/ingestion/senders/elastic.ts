import { AppError } from '../../errors.ts'
import { groupsOf, type LongLine } from '../lines.ts'
import { isLong, type Ingest } from '../store.ts'
import { ownTurn, turnRows } from '../turns.ts'
import { placeOf, type Units } from './unit.ts'
import { receiveInPieces, type Streamed } from './unnumbered.ts'

const mostLineBytes = 64 * 1024 * 1024

export interface Action {
  kind: string
  _index?: unknown
  _id?: unknown
}

const known = ['index', 'create']

/** The one action of a bulk line, or undefined when the line is none. */
function actionOf(line: string): Action | undefined {
  let read: unknown
  try {
    read = JSON.parse(line)
  } catch {
    return undefined
  }
  const [[kind, action] = []] = Object.entries((read as object) ?? {}) as [string, Action][]
  return kind && known.includes(kind) && typeof action === 'object' ? { ...action, kind } : undefined
}

interface Found extends Units {
  actions: Action[]
  /** An action whose document has not come. */
  rest: Buffer
  lines: number
}

/** Pairs of an action and a document. Throws BAD_REQUEST. */
async function readBulk(body: Buffer, before: number): Promise<Found> {
  const found: Found = { units: [], aside: [], actions: [], rest: Buffer.alloc(0), lines: before }
  let action: { at: number; read: Action } | undefined
  for (const { bytes, start } of linesOf(body)) {
    if (found.lines++ % turnRows === 0) await ownTurn()
    if (action) {
      found.actions.push(action.read)
      addDocument(found, bytes, action.read)
      action = undefined
    } else if (bytes.length > 0) {
      const read = actionOf(bytes.toString('utf8'))
      if (!read) throw new AppError('BAD_REQUEST', `Line ${found.lines} must be an index or create action`)
      action = { at: start, read }
    }
  }
  if (action) {
    found.rest = body.subarray(action.at)
    found.lines--
  }
  return found
}

function addDocument({ units, aside, lines }: Units & { lines: number }, bytes: Buffer, action: Action) {
  let row: unknown
  try {
    row = JSON.parse(bytes.toString('utf8'))
  } catch {
    aside.push({ line: lines, bytes, reason: 'not JSON' })
    return
  }
  units.push({ row: bytes, place: placeOf(row, { artifact: action._index }) })
}

function* linesOf(body: Buffer) {
  for (let start = 0; start < body.length;) {
    const newline = body.indexOf(10, start)
    const end = newline < 0 ? body.length : newline
    yield { start, bytes: body.subarray(start, end > start && body[end - 1] === 13 ? end - 1 : end) }
    start = end + 1
  }
}

type Bulk = Streamed & {
  /** Hears of each action when its document is durable. */
  answers?: ((action: Action) => void) | undefined
}

/** Takes a `_bulk` body in pieces: it is never held whole, and its repeat falls into the same pieces. */
export async function receiveBulk(ingest: Ingest, { body, limit, answers, ...request }: Bulk) {
  async function* read() {
    let held = Buffer.alloc(0)
    let lines = 0
    for await (const group of groupsOf(body, limit)) {
      const bytes = Buffer.concat([held, isLong(group) ? await longLine(group) : group.bytes])
      const { rest, lines: came, ...piece } = await readBulk(bytes, lines)
      ;[held, lines] = [Buffer.from(rest), came]
      if (piece.units.length + piece.aside.length === 0) continue
      yield { units: piece.units, aside: piece.aside, bytes: bytes.subarray(0, bytes.length - rest.length) }
      if (answers) piece.actions.forEach(answers)
    }
    if (held.length > 0) throw new AppError('BAD_REQUEST', 'The last action has no document')
  }
  return receiveInPieces(ingest, { ...request, kind: 'elastic' }, read())
}

/** A document of more than 16 MB is a row that the codec sets aside; one that can't be held is refused. */
async function longLine({ spool }: LongLine) {
  if (spool.size > mostLineBytes) throw new AppError('PAYLOAD_TOO_LARGE', 'A document is larger than 64 MB')
  const parts: Buffer[] = []
  for await (const part of spool.parts()) parts.push(part)
  return Buffer.concat([...parts, Buffer.from('\n')])
}
