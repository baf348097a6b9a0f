import { useCallback, useRef, type KeyboardEvent, type RefObject } from 'react'
import { useKeys } from '../../lib/keys.ts'
import { markOrder } from '../triage/words.ts'
import { boxWidth } from './columns.ts'
import type { RowGridProps } from './RowGrid.tsx'
import { nextSort } from './sort.ts'
import { actionNames } from './value-actions.ts'

export interface Place {
  /** -1: the heads. */
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

const asksForRow = new Set<string>([actionNames.timeline.key, actionNames.processes.key, actionNames.benign.key])

/** Letters work wherever no text is written; the other keys, which links and buttons need too, only inside the grid. */
export function useGridKeys<T>(grid: GridKeys<T>) {
  const { rows, columns, open, onOpen, rowKey, selected, onSelect } = grid
  // Keys may repeat faster than the screen is drawn: each goes on from where the last one led.
  const now = useRef(grid.place)
  const { setPlace } = grid
  const put = useCallback(
    (place: Place) => {
      now.current = place
      setPlace(place)
    },
    [setPlace],
  )
  const go = (rowTo: number, columnTo = now.current.column) => {
    const before = now.current
    const next = { row: rowTo < 0 ? -1 : inRange(rowTo, rows.length), column: inRange(columnTo, columns.length) }
    put(next)
    if (next.row !== before.row) grid.show(next.row)
    if (next.column !== before.column) reveal(grid, next)
    const row = rows[next.row]
    if (open !== undefined && row && rowKey(row) !== open) onOpen(row)
  }
  const down = (by: number) => () => go(Math.max(0, now.current.row + by))
  const across = (by: number) => () => go(now.current.row, now.current.column + by)
  const here = () => {
    const row = rows[now.current.row]
    return row && columns[now.current.column]?.asked?.(row)
  }
  // Where no value stands, as in the triage of a row, what asks for the row takes any of its values.
  const ofRow = () => {
    const row = rows[now.current.row]
    return row && columns.map((column) => column.asked?.(row)).find((asked) => asked !== undefined)
  }
  const letter = (key: string) => () => {
    const asked = here() ?? (asksForRow.has(key) ? ofRow() : undefined)
    if (asked) grid.onLetter(asked, key)
  }
  const menu = () => {
    const asked = here()
    const cell = document.getElementById(`cell-${now.current.row}-${now.current.column}`)
    if (asked && cell) grid.onMenu(asked, cell.getBoundingClientRect())
  }
  const toggle = () => {
    const row = rows[now.current.row]
    if (!row) return
    const next = new Set(selected)
    if (!next.delete(rowKey(row))) next.add(rowKey(row))
    onSelect(next)
  }
  const extend = (by: number) => () => {
    const next = new Set(selected)
    for (const at of [now.current.row, inRange(now.current.row + by, rows.length)]) {
      const row = rows[at]
      if (row) next.add(rowKey(row))
    }
    onSelect(next)
    go(Math.max(0, now.current.row + by))
  }
  const mark = (key: number) => () => {
    const row = rows[now.current.row]
    const chosen = rows.filter((one) => selected.has(rowKey(one)))
    grid.onMark?.(chosen.length > 0 ? chosen : row ? [row] : [], key)
  }
  const comment = () => {
    const row = rows[now.current.row]
    if (row) grid.onComment?.(row)
  }
  useKeys('Triage', [
    ...(grid.onMark ? markOrder.map((name, i) => ({ keys: String(i), label: `Mark ${name}`, run: mark(i) })) : []),
    ...(grid.onComment ? [{ keys: 'a', label: 'Comment on the row', run: comment }] : []),
  ])
  useKeys('Rows', [
    { keys: 'j', label: 'Next row', run: down(1) },
    { keys: 'k', label: 'Row before', run: down(-1) },
    { keys: 'h', label: 'Column before', run: across(-1) },
    { keys: 'l', label: 'Next column', run: across(1) },
    { keys: 'x', label: 'Select the row', run: toggle },
    { keys: 'shift+j', label: 'Select down', run: extend(1) },
    { keys: 'shift+k', label: 'Select up', run: extend(-1) },
    { keys: 'ArrowDown', label: 'Next row; the other arrows likewise, up to the heads', shownOnly: true },
    { keys: 'PageDown', label: '20 rows on; PageUp, Home and End likewise', shownOnly: true },
    { keys: 'Enter', label: 'Open the row; on a head, sort by it', shownOnly: true },
    { keys: 'Escape', label: 'Close the row', shownOnly: true },
    { keys: 'alt+ArrowRight', label: 'Widen the column', shownOnly: true },
    { keys: 'alt+ArrowLeft', label: 'Narrow the column', shownOnly: true },
    { keys: 'alt+0', label: 'The column’s own width', shownOnly: true },
  ])
  useKeys('Value', [
    { keys: 'm', label: 'Menu', run: menu },
    ...Object.values(actionNames).map(({ key, label }) => ({ keys: key, label, run: letter(key) })),
  ])
  const enter = () => {
    const { row, column } = now.current
    if (row >= 0) return rows[row] && onOpen(rows[row])
    const by = columns[column]?.sortBy
    if (by !== undefined) grid.onSort?.(nextSort(grid.sort, by))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    const run = (event.altKey ? sizes(grid, now.current) : moves(go, now.current, rows.length))[event.key]
    if (run) run()
    else if (event.altKey) return
    else if (event.key === 'Enter' && event.target === event.currentTarget) enter()
    else if (event.key === 'Escape' && open !== undefined) onOpen(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return { onKeyDown, put }
}

type Runs = Record<string, (() => void) | undefined>

const moves = (go: (row: number, column?: number) => void, { row, column }: Place, length: number): Runs => ({
  ArrowDown: () => go(row + 1),
  ArrowUp: () => go(row - 1),
  ArrowRight: () => go(row, column + 1),
  ArrowLeft: () => go(row, column - 1),
  PageDown: () => go(Math.max(0, row) + 20),
  PageUp: () => go(Math.max(0, row - 20)),
  Home: () => go(0),
  End: () => go(length - 1),
})

function sizes<T>({ columns, onResize }: GridKeys<T>, place: Place): Runs {
  const column = columns[place.column]
  if (!column) return {}
  const by = (step: number) => () => onResize(column.id, column.width + step)
  return { ArrowRight: by(16), ArrowLeft: by(-16), 0: () => onResize(column.id, undefined) }
}

/** Scrolls sideways as far as it takes to see the column beside those that are pinned. */
function reveal<T>({ scroller, columns }: GridKeys<T>, { column }: Place) {
  const box = scroller.current
  const target = columns[column]
  if (!box || !target || target.left !== undefined) return
  const widthOf = (some: typeof columns) => some.reduce((sum, { width }) => sum + width, 0)
  const stuck = boxWidth + widthOf(columns.filter(({ left }) => left !== undefined))
  const left = boxWidth + widthOf(columns.slice(0, column))
  const right = left + target.width
  if (left - stuck < box.scrollLeft) box.scrollLeft = left - stuck
  else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = Math.min(left - stuck, right - box.clientWidth)
}
