import { IconX } from '@tabler/icons-react'
import { useCallback, useMemo, useState, type ReactNode } from 'react'
import { useSetSearch } from '../../lib/url.ts'
import { Act } from '../../ui/Act.tsx'
import { SkeletonRows } from '../../ui/Skeleton.tsx'
import { HitsContext, useRowHits } from '../indicators/useRowHits.ts'
import { MarksOf } from '../triage/Marks.tsx'
import { BulkProgress } from '../triage/BulkProgress.tsx'
import { useBulk, type Whole } from '../triage/useBulk.ts'
import { useMarks, useTriage } from '../triage/useTriage.ts'
import { markOrder } from '../triage/words.ts'
import { ColumnPicker } from './ColumnPicker.tsx'
import { askable, useColumns, type GridColumn } from './columns.ts'
import { tellingColumns } from './fieldColumns.tsx'
import { useOpenRow } from './openRow.ts'
import { RowDrawer, type Row } from './RowDrawer.tsx'
import { RowGrid } from './RowGrid.tsx'
import { SelectionBar } from './SelectionBar.tsx'
import { readSort, writeSort } from './sort.ts'
import { useValues, ValueMenus } from './Values.tsx'

/** What a page with rows keeps in its address. */
export interface RowsSearch {
  row?: string | undefined
  tab?: string | undefined
  columns?: string[] | undefined
  /** A field as a query writes it, behind a minus for the largest first. */
  sort?: string | undefined
}

interface RowsViewProps {
  label: string
  /** Names what is kept of the columns: a source, or a kind of list. */
  widths: string
  rows: Row[]
  columns: GridColumn<Row>[]
  /** The columns to show until a person chooses. */
  defaults?: string[] | undefined
  search: RowsSearch
  /** The query that what is listed answers to. */
  here: string
  /** How the screen asks another query; without it the hunt screen is opened with it. */
  ask?: ((query: string, everywhere?: boolean) => void) | undefined
  /** How many are shown of how many. */
  note: ReactNode
  /** At the left of the bar above the grid, and before its columns. */
  lead?: ReactNode
  /** Of what is shown: its columns' fields, as a query writes them. */
  tools?: (fields: string[]) => ReactNode
  /** Whether a head sorts: the page then lists in the order of the address. */
  sorts?: boolean
  onEnd: () => void
  /** All that the query finds, which can be marked and tagged as a whole. */
  whole?: Whole | undefined
}

/** Bar, grid, the row's drawer over it, and the menu of a value. */
export function RowsView(props: RowsViewProps) {
  return (
    <ValueMenus here={props.here} ask={props.ask}>
      <View {...props} />
    </ValueMenus>
  )
}

function View(props: RowsViewProps) {
  const { label, widths, rows, search, here, note, lead, tools, sorts, onEnd, whole } = props
  const setSearch = useSetSearch<RowsSearch>()
  const columns = useMemo(() => props.columns.map(askable), [props.columns])
  const source = rows.length > 0 && rows.every(({ sourceId }) => sourceId === rows[0]!.sourceId) && rows[0]!.source
  const given = props.defaults
  const defaults = useCallback(() => given ?? tellingColumns(columns, rows), [given, columns, rows])
  const view = useColumns(source === false ? widths : `${widths} ${source}`, columns, search.columns, defaults)
  const values = useValues()
  const [selection, setSelection] = useState({ here, keys: new Set<string>() })
  const selected = selection.here === here ? selection.keys : none
  const select = (keys: Set<string>) => setSelection({ here, keys })
  const chosen = useMemo(() => rows.filter(({ id }) => selected.has(id)), [rows, selected])
  const open = useOpenRow(rows, search.row)
  const onOpen = (row: Row | undefined) => setSearch({ row: row?.id }, search.row !== undefined && row !== undefined)
  const marks = useMarks(rows)
  const hits = useRowHits(rows)
  const { mark, tag, comment: write } = useTriage()
  const bulk = useBulk()
  const [everything, setEverything] = useState<string>()
  const isWhole = whole !== undefined && everything === keyOf(whole)
  const comment = (row: Row) => setSearch({ row: row.id, tab: 'comments' })
  const choose = (ids: string[] | undefined) => {
    view.choose(ids)
    setSearch({ columns: ids }, true)
  }
  // Once drawn it stays: what a person keeps of another source's columns comes later, and a new grid would lose the focus.
  const [isDrawn, setDrawn] = useState(false)
  if (view.settled && !isDrawn) setDrawn(true)
  if (!view.settled && !isDrawn) return <SkeletonRows />
  return (
    <MarksOf marks={marks}>
      <HitsContext value={hits}>
        {chosen.length > 0 ? (
          <SelectionBar
            rows={chosen}
            columns={view.shown}
            shown={rows.length}
            selectAll={() => select(new Set(rows.map(({ id }) => id)))}
            whole={mark && whole}
            isWhole={isWhole}
            selectWhole={() => whole && setEverything(keyOf(whole))}
            clear={() => {
              setEverything(undefined)
              select(new Set())
            }}
            mark={mark && ((to) => void (isWhole ? bulk.begin(whole, { mark: to }) : mark(chosen, to)))}
            tag={tag && ((text, on) => void (isWhole ? bulk.begin(whole, { tag: text, on }) : tag(chosen, text, on)))}
            comment={write && ((text) => void write(chosen, text))}
          />
        ) : (
          <div className="rowsbar">
            {lead}
            <span className="meta grow">{note}</span>
            <BulkProgress />
            {tools?.(fieldsOf(view.shown))}
            <ColumnPicker {...view} all={columns} rows={rows} choose={choose} />
          </div>
        )}
        <RowGrid
          label={label}
          rows={rows}
          columns={view.shown}
          rowKey={(row) => row.id}
          open={search.row}
          onOpen={onOpen}
          onEnd={onEnd}
          onResize={view.resize}
          onMenu={values.open}
          onLetter={values.letter}
          selected={selected}
          onSelect={(keys) => {
            setEverything(undefined)
            select(keys)
          }}
          wrap={view.wrap}
          edge={({ id }) => edges[marks.get(id)?.mark ?? 'unseen']}
          onMark={
            mark &&
            ((some, key) => {
              const to = markOrder[key]!
              void (isWhole && chosen.length > 0 ? bulk.begin(whole, { mark: to }) : mark(some, to))
            })
          }
          onComment={write && comment}
          sort={readSort(search.sort)}
          onSort={sorts ? (sort) => setSearch({ sort: writeSort(sort) }, true) : undefined}
        />
        {open.row && (
          <RowDrawer
            row={open.row}
            rows={rows}
            tab={search.tab}
            onTab={(tab) => setSearch({ tab }, true)}
            onOpen={onOpen}
          />
        )}
        {open.isMissing && <MissingRow id={search.row ?? ''} close={() => onOpen(undefined)} />}
      </HitsContext>
    </MarksOf>
  )
}

const edges: Record<string, string> = { suspicious: 'edge-suspicious', malicious: 'edge-malicious' }
const keyOf = ({ query, from, to }: Whole) => JSON.stringify([query, from, to])
const none: ReadonlySet<string> = new Set()

/** The whole row, which is no field, is left out. */
const fieldsOf = (shown: GridColumn<Row>[]) =>
  shown.flatMap(({ id, sortBy }) => sortBy ?? (id === 'tenant' ? 'tenant' : []))

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
