import { useState, type ReactNode } from 'react'

export interface GridColumn<T> {
  id: string
  name: string
  width: number
  cell: (row: T) => ReactNode
  /** The evidence in the cell as text, to copy and to search for; undefined where there is none. */
  value?: (row: T) => string | undefined
  /** The field that a query names in front of it; none: anywhere in a row. */
  field?: 'host' | 'source'
  /** Our own way of writing it: a search for this text would not find the row. */
  ours?: true
}

/** A source with hundreds of fields starts with so many; the picker has the rest. */
const atFirst = 40
export const widest = 2000
export const narrowest = 48

/** What is shown of all columns: `chosen` (from the address) in its order, with the widths that this browser keeps under `key`. */
export function useColumns<T>(key: string, all: GridColumn<T>[], chosen: string[] | undefined) {
  const [widths, setWidths] = useState(() => readWidths(key))
  const byId = new Map(all.map((column) => [column.id, column]))
  const picked = (chosen ?? []).flatMap((id) => byId.get(id) ?? [])
  const shown = picked.length > 0 ? picked : all.slice(0, atFirst)
  const resize = (id: string, width: number | undefined) => {
    const { [id]: _old, ...others } = widths
    const next = width === undefined ? others : { ...others, [id]: Math.max(narrowest, Math.min(widest, width)) }
    setWidths(next)
    keepWidths(key, next)
  }
  return { shown: shown.map((column) => ({ ...column, width: widths[column.id] ?? column.width })), resize }
}

type Widths = Record<string, number>

function readWidths(key: string): Widths {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(`vc.widths.${key}`) ?? '{}')
    const entries = Object.entries(kept as object).filter(([, width]) => typeof width === 'number')
    return Object.fromEntries(entries) as Widths
  } catch {
    return {}
  }
}

function keepWidths(key: string, widths: Widths) {
  try {
    localStorage.setItem(`vc.widths.${key}`, JSON.stringify(widths))
  } catch {
    // Storage that is full or switched off costs only the memory of the widths.
  }
}

/** `moved` put where `onto` stands. */
export function reordered(ids: string[], moved: string, onto: string) {
  const to = ids.indexOf(onto)
  if (moved === onto || to < 0 || !ids.includes(moved)) return ids
  const rest = ids.filter((id) => id !== moved)
  return [...rest.slice(0, to), moved, ...rest.slice(to)]
}
