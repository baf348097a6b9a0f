/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows stand at computed places, which a table does not allow */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { density } from '../../lib/prefs.ts'
import { visible } from '../../ui/evidence.tsx'
import type { GridColumn } from './columns.ts'
import { Resizer } from './Resizer.tsx'
import { useGridKeys } from './useGridKeys.ts'
import './rows.css'

export interface RowGridProps<T> {
  label: string
  rows: T[]
  columns: GridColumn<T>[]
  rowKey: (row: T) => string
  open: string | undefined
  onOpen: (row: T | undefined) => void
  /** Called when the end comes near. */
  onEnd: () => void
  onResize: (id: string, width: number | undefined) => void
  /** A value's menu is asked for, at its place in the window. */
  onMenu: (row: T, column: GridColumn<T>, text: string, at: DOMRect) => void
  /** A letter was pressed on a value. */
  onLetter: (row: T, column: GridColumn<T>, text: string, letter: string) => void
}

const headHeight = 28

/** One tab stop: J, K, arrows, Page, Home and End move by rows, H and L by columns; Enter opens, M opens the value's menu. */
export function RowGrid<T>(props: RowGridProps<T>) {
  const { label, rows, columns, rowKey, open, onEnd } = props
  const scroller = useRef<HTMLDivElement>(null)
  const height = density.use() === 'comfortable' ? 32 : 26
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const grid = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  })
  const items = grid.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd()
  }, [last, rows.length, onEnd])
  useEffect(() => grid.measure(), [height, grid])
  const opened = rows.findIndex((row) => rowKey(row) === open)
  const [place, setPlace] = useState({ row: Math.max(0, opened), column: 0 })
  const show = (row: number) => grid.scrollToIndex(row)
  const onKeyDown = useGridKeys({ ...props, place, setPlace, show, scroller })
  useEffect(() => {
    if (opened > 0) grid.scrollToIndex(opened)
    // oxlint-disable-next-line react/exhaustive-deps -- only once: what is opened later is in view already
  }, [])
  const width = columns.reduce((sum, column) => sum + column.width, 0)
  return (
    <div
      className="grid-wrap"
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={rows[place.row] && `cell-${place.row}-${place.column}`}
      onKeyDown={onKeyDown}
    >
      <div className="gt" role="presentation" style={{ width, height: grid.getTotalSize() + headHeight }}>
        <div className="hd" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <div key={column.id} className="hc" role="columnheader" style={{ width: column.width }}>
              <span className="trunc" title={column.name}>
                {column.name}
              </span>
              <Resizer width={column.width} resize={(to) => props.onResize(column.id, to)} />
            </div>
          ))}
        </div>
        {items.map(({ index, start }) => {
          const row = rows[index]!
          const key = rowKey(row)
          const at = index === place.row ? place.column : undefined
          return (
            <Line
              key={key}
              {...props}
              row={row}
              index={index}
              top={start}
              isOpen={key === open}
              at={at}
              put={setPlace}
            />
          )
        })}
      </div>
    </div>
  )
}

interface LineProps<T> extends RowGridProps<T> {
  row: T
  index: number
  top: number
  isOpen: boolean
  /** The column that has the focus, if it is in this row. */
  at: number | undefined
  put: (place: { row: number; column: number }) => void
}

function Line<T>({ row, index, top, isOpen, at, put, columns, onOpen, onMenu }: LineProps<T>) {
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid is one tab stop and hears the keys for its rows
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      className={at === undefined ? 'r' : 'r cur'}
      style={{ top }}
      onClick={() => {
        put({ row: index, column: at ?? 0 })
        onOpen(row)
      }}
    >
      {columns.map((column, c) => {
        const text = column.value?.(row)
        return (
          <div
            key={column.id}
            id={`cell-${index}-${c}`}
            className={c === at ? 'c here' : 'c'}
            role="gridcell"
            style={{ width: column.width }}
          >
            {text === undefined ? (
              <span className="v">{column.cell(row)}</span>
            ) : (
              <button
                type="button"
                tabIndex={-1}
                className="v"
                title={visible(text.slice(0, 2000))}
                onClick={(event) => {
                  event.stopPropagation()
                  put({ row: index, column: c })
                  onMenu(row, column, text, event.currentTarget.getBoundingClientRect())
                }}
              >
                {column.cell(row)}
              </button>
            )}
          </div>
        )
      })}
    </div>
  )
}
