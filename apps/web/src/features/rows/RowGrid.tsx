import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { density, letterKeys } from '../../lib/prefs.ts'
import './rows.css'

export interface GridColumn<T> {
  id: string
  name: string
  width: number
  cell: (row: T) => ReactNode
}

interface RowGridProps<T> {
  label: string
  rows: T[]
  columns: GridColumn<T>[]
  rowKey: (row: T) => string
  open: string | undefined
  onOpen: (row: T | undefined) => void
  /** Called when the end comes near. */
  onEnd: () => void
}

/** One tab stop; J, K, arrows, Page, Home and End move the focus, Enter opens, Escape closes. */
export function RowGrid<T>({ label, rows, columns, rowKey, open, onOpen, onEnd }: RowGridProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState(0)
  const height = density.use() === 'comfortable' ? 32 : 26
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const grid = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: 28,
  })
  const items = grid.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd()
  }, [last, rows.length, onEnd])
  useEffect(() => grid.measure(), [height, grid])
  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to))
    setAt(next)
    grid.scrollToIndex(next)
    if (open !== undefined && rows[next]) onOpen(rows[next])
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = targetOf(event, at, rows.length)
    if (to !== undefined) move(to)
    else if (event.key === 'Enter' && rows[at]) onOpen(rows[at])
    else if (event.key === 'Escape' && open !== undefined) onOpen(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const width = columns.reduce((sum, column) => sum + column.width, 0)
  return (
    <div
      className="grid-wrap"
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows[at] && `row-${at}`}
      onKeyDown={onKeyDown}
    >
      <div className="gt" role="presentation" style={{ width, height: grid.getTotalSize() + 28 }}>
        <div className="hd" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <div
              key={column.id}
              className="hc trunc"
              role="columnheader"
              style={{ width: column.width, padding: '0 8px' }}
            >
              {column.name}
            </div>
          ))}
        </div>
        {items.map(({ index, start }) => {
          const row = rows[index]!
          const key = rowKey(row)
          return (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid is one tab stop and hears the keys for its rows
            <div
              key={key}
              id={`row-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={key === open}
              className={index === at ? 'r cur' : 'r'}
              style={{ top: start }}
              onClick={() => {
                setAt(index)
                onOpen(row)
              }}
            >
              {columns.map((column) => (
                <div key={column.id} className="c" role="gridcell" style={{ width: column.width }}>
                  <span className="v" style={{ cursor: 'default' }}>
                    {column.cell(row)}
                  </span>
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function targetOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent, at: number, length: number) {
  if (ctrlKey || metaKey || altKey) return undefined
  const letters = letterKeys.get() === 'on'
  if (key === 'ArrowDown' || (letters && key === 'j')) return at + 1
  if (key === 'ArrowUp' || (letters && key === 'k')) return at - 1
  if (key === 'PageDown') return at + 20
  if (key === 'PageUp') return at - 20
  if (key === 'Home') return 0
  if (key === 'End') return length - 1
  return undefined
}
