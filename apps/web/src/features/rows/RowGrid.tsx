/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows stand at computed places, which a table does not allow */
import { Checkbox } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { density } from '../../lib/prefs.ts'
import type { AskedValue } from './asked.ts'
import { boxWidth, type ShownColumn } from './columns.ts'
import { type GridActs, GridLine } from './GridLine.tsx'
import { Resizer } from './Resizer.tsx'
import { nextSort, type Sort } from './sort.ts'
import { type Place, useGridKeys } from './useGridKeys.ts'
import './rows.css'

export interface RowGridProps<T> {
  label: string
  rows: T[]
  columns: ShownColumn<T>[]
  rowKey: (row: T) => string
  open: string | undefined
  onOpen: (row: T | undefined) => void
  /** Called when the end comes near. */
  onEnd: () => void
  onResize: (id: string, width: number | undefined) => void
  /** A value's menu is asked for, at its place in the window. */
  onMenu: (asked: AskedValue, at: DOMRect) => void
  /** A letter was pressed on a value. */
  onLetter: (asked: AskedValue, letter: string) => void
  selected: ReadonlySet<string>
  onSelect: (keys: Set<string>) => void
  sort?: Sort | undefined
  onSort?: ((sort: Sort | undefined) => void) | undefined
  wrap?: boolean
  /** A class of a row, for its edge. */
  edge?: (row: T) => string | undefined
  /** A key of a mark was pressed: 0 to 4. */
  onMark?: ((rows: T[], key: number) => void) | undefined
  onComment?: ((row: T) => void) | undefined
}

const headHeight = 28

/** One tab stop: J, K, arrows, Page, Home and End move by rows, H and L by columns; Enter opens, M opens the value's menu, X selects. */
export function RowGrid<T>(props: RowGridProps<T>) {
  const { label, rows, columns, rowKey, open, onEnd, selected, onSelect, edge, wrap = false } = props
  const scroller = useRef<HTMLDivElement>(null)
  const height = density.use() === 'comfortable' ? 32 : 26
  const opened = open === undefined ? -1 : rows.findIndex((row) => rowKey(row) === open)
  const [place, setPlace] = useState<Place>({ row: Math.max(0, opened), column: 0 })
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const grid = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    // The row with the focus stays mounted, or the grid would point at nothing.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      if (place.row < 0 || place.row >= rows.length || indexes.includes(place.row)) return indexes
      return [...indexes, place.row].sort((a, b) => a - b)
    },
  })
  const items = grid.getVirtualItems()
  const last = items.findLast(({ index }) => index !== place.row)?.index ?? 0
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd()
  }, [last, rows.length, onEnd])
  useEffect(() => grid.measure(), [height, wrap, grid])
  const show = (row: number) => grid.scrollToIndex(Math.max(0, row))
  const { onKeyDown, put } = useGridKeys({ ...props, place, setPlace, show, scroller })
  const take = useCallback(
    (next: Place) => {
      put(next)
      scroller.current?.focus({ preventScroll: true })
    },
    [put],
  )
  useEffect(() => {
    if (opened > 0) grid.scrollToIndex(opened)
    // oxlint-disable-next-line react/exhaustive-deps -- only once: what is opened later is in view already
  }, [])
  const acts = useLatest<GridActs<T>>(props)
  const width = columns.reduce((sum, column) => sum + column.width, boxWidth)
  const all = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)))
  const here = place.row < 0 ? `head-${place.column}` : rows[place.row] && `cell-${place.row}-${place.column}`
  return (
    <div
      className={wrap ? 'grid-wrap wraps' : 'grid-wrap'}
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={here}
      onKeyDown={onKeyDown}
    >
      <div className="gt" role="presentation" style={{ width, height: grid.getTotalSize() + headHeight }}>
        <div className="hd" role="row" aria-rowindex={1}>
          <div className="hc pin" role="columnheader" style={{ width: boxWidth, left: 0 }}>
            <Checkbox
              size="xs"
              tabIndex={-1}
              aria-label={`Select the ${rows.length} rows shown`}
              checked={all}
              indeterminate={!all && selected.size > 0}
              onChange={() => onSelect(all ? new Set() : new Set(rows.map(rowKey)))}
            />
          </div>
          {columns.map((column, c) => (
            <Head key={column.id} {...props} column={column} index={c} isHere={place.row < 0 && place.column === c} />
          ))}
        </div>
        {items.map(({ index, start }) => {
          const row = rows[index]!
          const key = rowKey(row)
          return (
            <GridLine
              key={key}
              measure={wrap ? grid.measureElement : undefined}
              row={row}
              columns={columns}
              acts={acts}
              edge={edge?.(row)}
              index={index}
              top={start}
              isOpen={key === open}
              isSelected={selected.has(key)}
              at={index === place.row ? place.column : undefined}
              put={take}
            />
          )
        })}
      </div>
    </div>
  )
}

/** The same for every drawing, with what the last one was given. */
function useLatest<T>(value: T) {
  const latest = useRef(value)
  useLayoutEffect(() => {
    latest.current = value
  })
  return latest
}

interface HeadProps<T> extends RowGridProps<T> {
  column: ShownColumn<T>
  index: number
  isHere: boolean
}

function Head<T>({ column, index, isHere, sort, onSort, onResize }: HeadProps<T>) {
  const { sortBy, left } = column
  const sorted = sortBy !== undefined && sort?.by === sortBy ? sort : undefined
  const Arrow = sorted?.descending ? IconArrowDown : IconArrowUp
  const name = <span className="trunc">{column.name}</span>
  return (
    <div
      className={['hc', left !== undefined && 'pin', isHere && 'here'].filter(Boolean).join(' ')}
      role="columnheader"
      id={`head-${index}`}
      aria-sort={sorted ? (sorted.descending ? 'descending' : 'ascending') : undefined}
      title={column.name}
      style={{ width: column.width, ...(left !== undefined && { left }) }}
    >
      {sortBy !== undefined && onSort ? (
        <button type="button" tabIndex={-1} onClick={() => onSort(nextSort(sort, sortBy))}>
          {name}
          {sorted && <Arrow size={13} aria-hidden style={{ flex: 'none' }} />}
        </button>
      ) : (
        <span className="plain">{name}</span>
      )}
      <Resizer width={column.width} resize={(to) => onResize(column.id, to)} />
    </div>
  )
}
