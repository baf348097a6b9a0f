import type { AskedFor } from '@velocicompanion/api/rows/input'
import { Evidence } from '../../ui/evidence.tsx'
import { NotPresent, Null } from '../../ui/Value.tsx'
import { Marked } from '../indicators/Marked.tsx'
import { askedFor, textOf } from './asked.ts'

const most = 300

/** The value at a path of a row; undefined where there is no such field. */
export function valueAt(data: unknown, path: string[]): unknown {
  let here = data
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<string, unknown>)[key]
  }
  return here
}

const cut = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…` : text

/** Absent, null and the empty text are three different things. */
export function Shown({
  value,
  most: length = most,
  row,
}: {
  value: AskedFor
  most?: number
  row?: string | undefined
}) {
  if (value === undefined) return <NotPresent />
  if (value === null) return <Null />
  if (value === '') return <span className="absent">""</span>
  return <Marked text={cut(textOf(value), length)} row={row} />
}

/** One line; the drawer has the whole. */
export function Cell({ value, row }: { value: unknown; row?: string }) {
  const asked = askedFor(value)
  return asked ? <Shown value={asked.asked} row={row} /> : <Evidence text={cut(JSON.stringify(value), most)} />
}

/** A leaf as text; a branch is no value, and what is absent or null has no text. */
export function textOfCell(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined
}

/** A row that is too large or too deep for a list says so; its drawer has the exact text. */
const whyOmitted = {
  large: 'too large to show here',
  deep: 'nested too deeply to show here',
  damaged: 'damaged: not what was sent',
}

export const Omitted = ({ why }: { why: keyof typeof whyOmitted }) => <span className="absent">{whyOmitted[why]}</span>
