/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows stand at computed places, which a table does not allow */
import { Checkbox } from '@mantine/core'
import { memo, type MouseEvent, type RefObject } from 'react'
import { visible } from '../../ui/evidence.tsx'
import { textOf } from './asked.ts'
import { boxWidth, type ShownColumn } from './columns.ts'
import type { RowGridProps } from './RowGrid.tsx'
import type { Place } from './useGridKeys.ts'

/** What a line's clicks need of the grid, as it is then: what it needs to be drawn stands apart. */
export type GridActs<T> = Pick<RowGridProps<T>, 'rows' | 'rowKey' | 'onOpen' | 'selected' | 'onSelect' | 'onMenu'>

interface GridLineProps<T> {
  row: T
  columns: ShownColumn<T>[]
  acts: RefObject<GridActs<T>>
  /** A class for its edge. */
  edge: string | undefined
  index: number
  top: number
  isOpen: boolean
  isSelected: boolean
  /** The column that has the focus, if it is in this row. */
  at: number | undefined
  put: (place: Place) => void
  /** Takes the height of a row whose cells wrap. */
  measure: ((element: Element | null) => void) | undefined
}

/** Only lines are drawn that are new to the screen or look another way: not all when the grid scrolls, is selected in or gets more rows. */
export const GridLine = memo(Line) as typeof Line

function Line<T>({ measure, ...props }: GridLineProps<T>) {
  const { row, index, top, isOpen, isSelected, at, put, columns, acts, edge } = props
  const select = (event: MouseEvent<HTMLInputElement>) => {
    const { rows, rowKey, selected, onSelect } = acts.current
    const next = new Set(selected)
    const near = event.shiftKey ? rows.findLastIndex((other, i) => i < index && selected.has(rowKey(other))) : -1
    for (const other of rows.slice(near < 0 ? index : near, index + 1))
      if (isSelected && near < 0) next.delete(rowKey(other))
      else next.add(rowKey(other))
    onSelect(next)
  }
  const className = ['r', at !== undefined && 'cur', isOpen && 'open', edge].filter(Boolean).join(' ')
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid is one tab stop and hears the keys for its rows
    <div
      role="row"
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={className}
      style={{ top }}
      onClick={() => {
        put({ row: index, column: at ?? 0 })
        acts.current.onOpen(row)
      }}
    >
      <div role="gridcell" className="c pin" style={{ width: boxWidth, left: 0 }}>
        <Checkbox
          size="xs"
          tabIndex={-1}
          aria-label={`Select row ${index + 1}`}
          checked={isSelected}
          wrapperProps={{ onClick: stop }}
          onChange={() => {}}
          onClick={select}
        />
      </div>
      {columns.map((column, c) => (
        <GridCell key={column.id} {...props} column={column} c={c} isHere={c === at} />
      ))}
    </div>
  )
}

interface GridCellProps<T> extends Omit<GridLineProps<T>, 'measure'> {
  column: ShownColumn<T>
  c: number
  isHere: boolean
}

function GridCell<T>({ row, index, column, c, isHere, put, acts }: GridCellProps<T>) {
  const asked = column.asked?.(row)
  const { left } = column
  return (
    <div
      id={`cell-${index}-${c}`}
      className={['c', left !== undefined && 'pin', isHere && 'here'].filter(Boolean).join(' ')}
      role="gridcell"
      style={{ width: column.width, ...(left !== undefined && { left }) }}
    >
      {asked === undefined ? (
        <span className="v">{column.cell(row)}</span>
      ) : (
        <button
          type="button"
          tabIndex={-1}
          className="v"
          title={visible(textOf(asked.value).slice(0, 2000))}
          onClick={(event) => {
            event.stopPropagation()
            put({ row: index, column: c })
            acts.current.onMenu(asked, event.currentTarget.getBoundingClientRect())
          }}
        >
          {column.cell(row)}
        </button>
      )}
    </div>
  )
}

/** The box selects; the row around it opens. */
const stop = (event: MouseEvent) => event.stopPropagation()
