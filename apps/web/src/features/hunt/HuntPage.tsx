import { Button, TextInput } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useKeys } from '../../lib/keys.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { Cell } from '../rows/cells.tsx'
import type { GridColumn } from '../rows/columns.ts'
import type { Row } from '../rows/RowDrawer.tsx'
import { RowsView } from '../rows/RowsView.tsx'
import { ExportButton } from '../exports/ExportButton.tsx'
import { Fault, faultOf } from './Fault.tsx'
import { Summary } from './Summary.tsx'
import { NextToken } from '../tokens/NextToken.tsx'
import { History } from '../searches/History.tsx'
import { useRemember } from '../searches/remember.ts'
import { SaveBar } from '../searches/SaveBar.tsx'
import { ViewsMenu } from '../searches/ViewsMenu.tsx'
import '../rows/rows.css'

const keys = [
  { keys: ['/'], label: 'query' },
  { keys: ['J', 'K'], label: 'move' },
  { keys: ['Enter'], label: 'open' },
  { keys: ['M'], label: 'value menu' },
  { keys: ['?'], label: 'all keys' },
]

const tenantColumn: GridColumn<Row> = {
  id: 'tenant',
  name: 'Tenant',
  width: 170,
  cell: (row) => <TenantName id={row.tenantId} />,
}

const columns: GridColumn<Row>[] = [
  {
    id: 'time',
    name: 'Event time (UTC)',
    width: 250,
    cell: (row) => row.eventTime,
    value: (row) => row.eventTime,
    ours: true,
  },
  {
    id: 'host',
    name: 'Host',
    width: 170,
    cell: (row) => <Cell value={row.host} />,
    value: (row) => row.host,
    field: 'host',
  },
  {
    id: 'source',
    name: 'Source',
    width: 260,
    cell: (row) => <Cell value={row.source} />,
    value: (row) => row.source,
    field: 'source',
  },
  {
    id: 'data',
    name: 'Row',
    width: 1100,
    cell: (row) => <Evidence text={isWhole(row) ? row.start : `${row.start}…`} />,
  },
]

const isWhole = (row: Row) => new TextEncoder().encode(row.start).length >= row.bytes

export function HuntPage() {
  const search = useSearch({ from: '/app/hunt' })
  const setSearch = useSetSearch<typeof search>()
  const { query: q = '', from, to } = search
  const tenant = useTenant()
  const found = trpc.rows.search.useInfiniteQuery(
    { query: q, ...(from && { from }), ...(to && { to }), limit: 100, ...tenant },
    { getNextPageParam: (last) => last.nextCursor ?? undefined, placeholderData: (old) => old },
  )
  const all = useAllTenants()
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetching } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const fault = faultOf(found.error)
  // What can't be read leaves the answer before it where it is.
  const [kept, keep] = useState(found.data)
  if (found.data && found.data !== kept) keep(found.data)
  const data = found.data ?? (fault ? kept : undefined)
  const first = data?.pages[0]
  useRemember({ query: q, from, to }, found.isPlaceholderData ? undefined : found.data?.pages[0])
  const rows = data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <FixedPage name="Hunt">
      <SaveBar />
      <QueryBar
        key={`${q} ${from} ${to}`}
        q={q}
        from={from}
        to={to}
        fault={fault}
        run={({ q: query, ...times }) => setSearch({ query, ...times, row: undefined })}
      />
      {fault && <Fault query={q} {...fault} answered={data !== undefined} />}
      <div style={{ position: 'relative', flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        {(!fault || data) && (
          <Loaded query={fault ? { ...found, data, error: null } : found}>
            {() =>
              first && (first.groups || first.chart || /\|\s*count\s*$/.test(q)) ? (
                <Summary answer={first} />
              ) : rows.length === 0 ? (
                <Nothing asked={{ q, from, to }} widen={setSearch} />
              ) : (
                <RowsView
                  label="Rows"
                  widths="rows"
                  rows={rows}
                  columns={all ? [tenantColumn, ...columns] : columns}
                  search={search}
                  here={q}
                  note={
                    <span className="row">
                      <span className="grow">
                        {hasNextPage ? `${count(rows.length)} newest shown, scroll for more` : 'newest first'}
                      </span>
                      <ExportButton
                        key={`${q} ${from} ${to}`}
                        query={q}
                        from={from}
                        to={to}
                        total={first?.total}
                        atLeast={first?.totalIsExact === false}
                        {...tenant}
                      />
                    </span>
                  }
                  onEnd={onEnd}
                />
              )
            }
          </Loaded>
        )}
      </div>
      <StatusLine
        parts={[
          first && `${first.totalIsExact ? '' : 'at least '}${plural(first.total, 'row matches', 'rows match')}`,
          `${count(rows.length)} shown`,
          first && `${count(first.tookMs)} ms`,
          isFetching && 'updating',
        ]}
        keys={keys}
      />
    </FixedPage>
  )
}

interface NothingProps {
  asked: Asked
  widen: (asked: { query?: undefined; from?: undefined; to?: undefined }) => void
}

/** Says what was searched, and offers to search for less. */
function Nothing({ asked, widen }: NothingProps) {
  const timed = asked.from !== undefined || asked.to !== undefined
  if (!asked.q && !timed) {
    return (
      <EmptyState title="No row yet" action={<NextToken />}>
        Rows appear with the first delivery.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="No row matches"
      action={
        <>
          {timed && <Button onClick={() => widen({ from: undefined, to: undefined })}>Search all times</Button>}
          {asked.q && (
            <Button variant="default" onClick={() => widen({ query: undefined })}>
              Clear the query
            </Button>
          )}
        </>
      }
    >
      A word is a whole value: a file’s full path, a hash, an address. For a part of one write{' '}
      <span className="mono">*part*</span>; narrow with <span className="mono">Field:value</span>,{' '}
      <span className="mono">host:name</span> or <span className="mono">source:name</span>.
    </EmptyState>
  )
}

interface Asked {
  q?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

interface BarProps extends Asked {
  fault: { at: number } | undefined
  run: (asked: Asked) => void
}

function QueryBar({ q, from, to, fault, run }: BarProps) {
  const input = useRef<HTMLInputElement>(null)
  const place = fault?.at
  useEffect(() => {
    if (place !== undefined && document.activeElement === input.current) input.current?.setSelectionRange(place, place)
  }, [place])
  useKeys('Query', [{ keys: '/', label: 'Go to the query', run: () => input.current?.focus() }])
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    run({ q: textOf(data, 'q'), from: timeOf(textOf(data, 'from')), to: timeOf(textOf(data, 'to')) })
  }
  return (
    <search>
      <form className="qbar" onSubmit={submit}>
        <ViewsMenu />
        <TextInput
          ref={input}
          name="q"
          aria-label="Query"
          placeholder={'"a whole value"  *part*  Name:svc*  host:name  NOT (…)'}
          defaultValue={q}
          error={fault !== undefined}
          aria-describedby={fault && 'query-fault'}
          spellCheck={false}
          autoComplete="off"
          style={{ flex: 1 }}
          classNames={{ input: 'mono' }}
        />
        <History />
        <TextInput
          type="datetime-local"
          step="1"
          name="from"
          aria-label="From, UTC"
          leftSection={<span className="meta">From (UTC)</span>}
          leftSectionWidth={80}
          defaultValue={from?.replace('Z', '')}
        />
        <TextInput
          type="datetime-local"
          step="1"
          name="to"
          aria-label="To, UTC"
          leftSection={<span className="meta">To (UTC)</span>}
          leftSectionWidth={66}
          defaultValue={to?.replace('Z', '')}
        />
        <Button type="submit">Run</Button>
      </form>
    </search>
  )
}

const textOf = (data: FormData, name: string) => {
  const value = data.get(name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The fields hold UTC and leave seconds out when they are zero. */
const timeOf = (text: string | undefined) => text && `${text.length === 16 ? `${text}:00` : text}Z`
