import type { KeyboardEvent, RefObject } from 'react'
import { useKeys } from '../../lib/keys.ts'
import type { RowGridProps } from './RowGrid.tsx'

export interface Place {
  row: number
  column: number
}

interface GridKeys<T> extends RowGridProps<T> {
  place: Place
  setPlace: (place: Place) => void
  /** Scrolls to a row. */
  show: (row: number) => void
  scroller: RefObject<HTMLDivElement | null>
}

const inRange = (n: number, length: number) => Math.max(0, Math.min(length - 1, n))

/** Letters work wherever no text is written; the other keys, which links and buttons need too, only inside the grid. */
export function useGridKeys<T>(grid: GridKeys<T>) {
  const { rows, columns, place, open, onOpen, rowKey } = grid
  const go = (rowTo: number, columnTo = place.column) => {
    const next = { row: inRange(rowTo, rows.length), column: inRange(columnTo, columns.length) }
    grid.setPlace(next)
    if (next.row !== place.row) grid.show(next.row)
    else reveal(grid, next)
    const row = rows[next.row]
    if (open !== undefined && row && rowKey(row) !== open) onOpen(row)
  }
  const [row, column] = [rows[place.row], columns[place.column]]
  const text = row && column?.value?.(row)
  const letter = (key: string) => () => row && column && text !== undefined && grid.onLetter(row, column, text, key)
  const menu = () => {
    const cell = document.getElementById(`cell-${place.row}-${place.column}`)
    if (row && column && text !== undefined && cell) grid.onMenu(row, column, text, cell.getBoundingClientRect())
  }
  useKeys('Rows', [
    { keys: 'j', label: 'Next row', run: () => go(place.row + 1) },
    { keys: 'k', label: 'Row before', run: () => go(place.row - 1) },
    { keys: 'h', label: 'Column before', run: () => go(place.row, place.column - 1) },
    { keys: 'l', label: 'Next column', run: () => go(place.row, place.column + 1) },
    { keys: 'ArrowDown', label: 'Next row; the other arrows likewise', shownOnly: true },
    { keys: 'PageDown', label: '20 rows on; PageUp, Home and End likewise', shownOnly: true },
    { keys: 'Enter', label: 'Open the row', shownOnly: true },
    { keys: 'Escape', label: 'Close the row', shownOnly: true },
    { keys: 'alt+ArrowRight', label: 'Widen the column', shownOnly: true },
    { keys: 'alt+ArrowLeft', label: 'Narrow the column', shownOnly: true },
    { keys: 'alt+0', label: 'The column’s own width', shownOnly: true },
  ])
  useKeys('Value', [
    { keys: 'm', label: 'Menu', run: menu },
    { keys: 'i', label: 'Include', run: letter('i') },
    { keys: 'w', label: 'Everywhere it was seen', run: letter('w') },
    { keys: 'y', label: 'Copy value', run: letter('y') },
  ])
  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return
    const run = (event.altKey ? sizes(grid) : moves(go, place, rows.length))[event.key]
    if (run) run()
    else if (event.altKey) return
    else if (event.key === 'Enter' && row && event.target === event.currentTarget) onOpen(row)
    else if (event.key === 'Escape' && open !== undefined) onOpen(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}

const moves = (go: (row: number, column?: number) => void, { row, column }: Place, length: number) =>
  ({
    ArrowDown: () => go(row + 1),
    ArrowUp: () => go(row - 1),
    ArrowRight: () => go(row, column + 1),
    ArrowLeft: () => go(row, column - 1),
    PageDown: () => go(row + 20),
    PageUp: () => go(row - 20),
    Home: () => go(0),
    End: () => go(length - 1),
  }) as Record<string, (() => void) | undefined>

function sizes<T>({ columns, place, onResize }: GridKeys<T>) {
  const column = columns[place.column]
  if (!column) return {}
  const by = (step: number) => () => onResize(column.id, column.width + step)
  return { ArrowRight: by(16), ArrowLeft: by(-16), 0: () => onResize(column.id, undefined) } as Record<
    string,
    (() => void) | undefined
  >
}

/** Scrolls sideways as far as it takes to see the column. */
function reveal<T>({ scroller, columns }: GridKeys<T>, { column }: Place) {
  const box = scroller.current
  if (!box) return
  const left = columns.slice(0, column).reduce((sum, { width }) => sum + width, 0)
  const right = left + (columns[column]?.width ?? 0)
  if (left < box.scrollLeft) box.scrollLeft = left
  else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = Math.min(left, right - box.clientWidth)
}
