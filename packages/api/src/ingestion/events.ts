import { AppError } from '../errors.ts'
import { otherOrg, rowsDiffer, type Receipt } from './delivery.ts'
import { splitLines, type Group, type LongLine } from './lines.ts'
import { readEnvelope, type RowsEnvelope } from './protocol.ts'
import { isLong } from './store.ts'

type EventsEnvelope = Extract<RowsEnvelope, { kind: 'events' }>

interface Section {
  envelope: EventsEnvelope
  /** The envelope's own bytes. */
  line: Group
}

/** A section that is under way: how many of its rows came. */
interface Open extends Section {
  came: number
}

/** Stores rows that follow one another of one source. */
export type TakeRows = (envelope: RowsEnvelope, line: Group, rows: Group | LongLine) => Promise<Receipt>

/**
 * Takes a body of several sections: an envelope, then as many rows as it says, then perhaps the next envelope. The rows are
 * counted and never looked at: one may have a column `kind` itself.
 */
export async function receiveEvents(
  first: Section,
  groups: AsyncIterable<Group | LongLine>,
  take: TakeRows,
): Promise<Receipt> {
  let open: Open = { ...first, came: 0 }
  const total = { rows: 0, rejected: 0 }
  const store = async (rows: Group | LongLine) => {
    // Numbers count from the section's own envelope, also in what is set aside.
    const { rejected } = await take(part(open, rows.lines), open.line, { ...rows, firstLine: 0 })
    total.rejected += rejected
    total.rows += rows.lines
    open.came += rows.lines
  }
  for await (const group of groups) {
    if (isLong(group)) {
      if (open.came === open.envelope.rows) throw new AppError('BAD_REQUEST', 'An envelope is too long')
      await store(group)
      continue
    }
    for (const piece of piecesOf(group, () => open)) {
      if ('next' in piece) open = { ...nextSection(piece.next, first.envelope.org_id), came: 0 }
      else await store(piece.rows)
    }
  }
  if (open.came !== open.envelope.rows) throw rowsDiffer(open.envelope.rows, open.came)
  return { kind: 'events', ...total }
}

/** The envelope of the next rows of a section. */
const part = ({ envelope, came }: Open, rows: number): EventsEnvelope => ({
  ...envelope,
  start_row: envelope.start_row + came,
  rows,
})

function nextSection(line: Group, org: string) {
  const envelope = readEnvelope(line.bytes)
  if (envelope.kind !== 'events') throw new AppError('BAD_REQUEST', 'Only sections of events follow events')
  if (envelope.org_id !== org) throw otherOrg()
  return { envelope, line }
}

/** Cuts a group at the ends of sections. `section` is asked anew after each piece. */
function* piecesOf(group: Group, section: () => Open): Generator<{ rows: Group } | { next: Group }, void, void> {
  const ends = endsOf(group.bytes)
  for (let at = 0; at < group.lines;) {
    const { envelope, came } = section()
    const wanted = envelope.rows - came
    const lines = wanted === 0 ? 1 : Math.min(wanted, group.lines - at)
    const bytes = group.bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at + lines - 1])
    const piece = { bytes, lines, firstLine: group.firstLine + at }
    yield wanted === 0 ? { next: piece } : { rows: piece }
    at += lines
  }
}

function endsOf(bytes: Buffer): number[] {
  const ends: number[] = []
  let end = 0
  for (const line of splitLines(bytes)) ends.push((end += line.length + 1))
  if (ends.length > 0) ends[ends.length - 1] = bytes.length
  return ends
}
