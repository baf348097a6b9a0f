import { IconX } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useSetSearch } from '../../lib/url.ts'
import { Act } from '../../ui/Act.tsx'
import { ColumnPicker } from './ColumnPicker.tsx'
import { useColumns, type GridColumn } from './columns.ts'
import { useOpenRow } from './openRow.ts'
import { RowDrawer, type Row } from './RowDrawer.tsx'
import { RowGrid } from './RowGrid.tsx'
import { useValueActions, type ValueAction } from './value-actions.ts'
import { ValueMenu, type AskedValue } from './ValueMenu.tsx'

/** What a page with rows keeps in its address. */
export interface RowsSearch {
  row?: string | undefined
  tab?: string | undefined
  columns?: string[] | undefined
}

interface RowsViewProps {
  label: string
  /** Names the kept widths of the columns. */
  widths: string
  rows: Row[]
  columns: GridColumn<Row>[]
  search: RowsSearch
  /** The query that what is listed answers to. */
  here: string
  /** How many are shown of how many. */
  note: ReactNode
  onEnd: () => void
}

/** Bar, grid, the row's drawer over it, and the menu of a value. */
export function RowsView({ label, widths, rows, columns, search, here, note, onEnd }: RowsViewProps) {
  const setSearch = useSetSearch<RowsSearch>()
  const { shown, resize } = useColumns(widths, columns, search.columns)
  const [menu, setMenu] = useState<{ asked: AskedValue; actions: ValueAction[] }>()
  const open = useOpenRow(rows, search.row)
  const onOpen = (row: Row | undefined) => setSearch({ row: row?.id }, search.row !== undefined && row !== undefined)
  const actionsOf = useValueActions<Row>(here, onOpen)
  return (
    <>
      <div className="rowsbar">
        <span className="meta grow">{note}</span>
        <ColumnPicker all={columns} shown={shown} choose={(chosen) => setSearch({ columns: chosen }, true)} />
      </div>
      <RowGrid
        label={label}
        rows={rows}
        columns={shown}
        rowKey={(row) => row.id}
        open={search.row}
        onOpen={onOpen}
        onEnd={onEnd}
        onResize={resize}
        onMenu={(row, column, text, { left, bottom }) =>
          setMenu({ asked: { field: column.name, text, at: { left, bottom } }, actions: actionsOf(row, column, text) })
        }
        onLetter={(row, column, text, letter) =>
          actionsOf(row, column, text)
            .find(({ key }) => key === letter)
            ?.run()
        }
      />
      {menu && <ValueMenu {...menu} close={() => setMenu(undefined)} />}
      {open.row && (
        <RowDrawer
          key={open.row.id}
          row={open.row}
          rows={rows}
          tab={search.tab}
          onTab={(tab) => setSearch({ tab }, true)}
          onOpen={onOpen}
        />
      )}
      {open.isMissing && <MissingRow id={search.row ?? ''} close={() => onOpen(undefined)} />}
    </>
  )
}

const MissingRow = ({ id, close }: { id: string; close: () => void }) => (
  <aside className="drawer" aria-label="Row">
    <header className="row">
      <span className="grow">
        No row <span className="mono">{id}</span>
      </span>
      <Act label="Close" icon={<IconX size={16} />} onClick={close} />
    </header>
    <p className="pad t2">The address names a row that is not here, or that is not in your tenant.</p>
  </aside>
)
