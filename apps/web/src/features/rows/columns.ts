import { useMemo, type ReactNode } from 'react'
import { z } from 'zod'
import { type Json, usePreference } from '../preferences/usePreference.ts'
import type { AskedValue } from './asked.ts'
import type { Row } from './RowDrawer.tsx'

export interface GridColumn<T> {
  id: string
  name: string
  width: number
  cell: (row: T) => ReactNode
  /** The value in the cell, to act on; undefined where there is none. */
  asked?: (row: T) => AskedValue | undefined
  /** Whether a row has the field, to count those that do. */
  has?: (row: T) => boolean
  /** The field as a query writes it, to sort by. */
  sortBy?: string
  /** In place of `asked`: the text in the cell, and the field as a query writes it. */
  value?: (row: T) => string | undefined
  field?: string
  /** The text is the row's event time. */
  ours?: true
}

/** A column that tells its texts alone, as one that can be asked about. */
export function askable(column: GridColumn<Row>): GridColumn<Row> {
  const { value, name, asked } = column
  if (!value || asked) return column
  const field = column.ours ? 'time' : column.field
  return {
    ...column,
    ...(field !== undefined && { sortBy: field }),
    has: (row) => value(row) !== undefined,
    asked: (row) => {
      const text = value(row)
      return text === undefined ? undefined : { field, name, value: text, row }
    },
  }
}

/** A column as it stands in a grid. */
export interface ShownColumn<T> extends GridColumn<T> {
  /** Where a pinned column stays when the others scroll. */
  left?: number
}

/** A source with hundreds of fields starts with so many; the picker has the rest. */
const atFirst = 40
export const widest = 2000
export const narrowest = 48
/** The column of the boxes that select. */
export const boxWidth = 34

const widths = z.record(z.string(), z.number().min(narrowest).max(widest))
const keptView = z.object({
  columns: z.array(z.string()).optional().catch(undefined),
  widths: widths.catch({}),
  pinned: z.array(z.string()).catch([]),
  wrap: z.boolean().catch(false),
})
type KeptView = z.output<typeof keptView>

const untouched: KeptView = { widths: {}, pinned: [], wrap: false }
const readJson = (kept: unknown) => readView(kept) as unknown as Json
const readView = (kept: unknown): KeptView => keptView.safeParse(kept ?? {}).data ?? untouched

/** Sources are named by their senders, at any length and in any script; a preference's key is short. */
function shortName(name: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < name.length; i++) {
    a = Math.imul(a ^ name.charCodeAt(i), 2654435761)
    b = Math.imul(b ^ name.charCodeAt(i), 1597334677)
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

/** What is shown of all columns, in which order and how wide: as the person keeps it under `key`, beside a column of boxes. */
export function useColumns<T>(
  key: string,
  all: GridColumn<T>[],
  /** The ids that the address names, before what the person keeps. */
  chosen: string[] | undefined,
  /** The ids to show until a person chooses. */
  defaults: () => string[] | undefined,
) {
  const kept = usePreference(`columns.${shortName(key)}`, readJson)
  const view = kept.value as unknown as KeptView
  // Before what is kept has come, a change would be written over it.
  const change = (part: Partial<KeptView>) => {
    if (kept.settled) kept.set({ ...view, ...part } as unknown as Json)
  }
  // Looking through the rows for columns costs more than drawing them.
  const shown = useMemo(() => placed(all, chosen ?? view.columns, defaults, view), [all, chosen, defaults, view])
  const resize = (id: string, width: number | undefined) => {
    const { [id]: _old, ...others } = view.widths
    const kind = width === undefined ? others : { ...others, [id]: Math.max(narrowest, Math.min(widest, width)) }
    change({ widths: kind })
  }
  const { pinned, wrap } = view
  return {
    shown,
    pinned,
    wrap,
    settled: kept.settled,
    resize,
    choose: (columns: string[] | undefined) => change({ columns }),
    pin: (id: string) =>
      change({ pinned: pinned.includes(id) ? pinned.filter((other) => other !== id) : [...pinned, id] }),
    setWrap: (next: boolean) => change({ wrap: next }),
  }
}

function placed<T>(
  all: GridColumn<T>[],
  wanted: string[] | undefined,
  defaults: () => string[] | undefined,
  view: KeptView,
): ShownColumn<T>[] {
  const byId = new Map(all.map((column) => [column.id, column]))
  const found = (ids: string[] | undefined) => (ids ?? []).flatMap((id) => byId.get(id) ?? [])
  const picked = firstOf([() => found(wanted), () => found(defaults()), () => all.slice(0, atFirst)])
  const sized = picked.map((column) => ({ ...column, width: view.widths[column.id] ?? column.width }))
  const [first, rest] = [true, false].map((is) => sized.filter(({ id }) => view.pinned.includes(id) === is))
  let left = boxWidth
  const stuck = first!.map((column) => {
    const at = { ...column, left }
    left += column.width
    return at
  })
  return [...stuck, ...rest!]
}

/** The first that is not empty; what comes after it is not made. */
const firstOf = <C>(ways: (() => C[])[]): C[] =>
  ways
    .values()
    .map((way) => way())
    .find((some) => some.length > 0) ?? []

/** `moved` put where `onto` stands. */
export function reordered(ids: string[], moved: string, onto: string) {
  const to = ids.indexOf(onto)
  if (moved === onto || to < 0 || !ids.includes(moved)) return ids
  const rest = ids.filter((id) => id !== moved)
  return [...rest.slice(0, to), moved, ...rest.slice(to)]
}
