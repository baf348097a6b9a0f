import { SegmentedControl } from '@mantine/core'
import type { Side } from '@velocicompanion/api/compare/input'
import { Link, useSearch } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Mono } from '../../ui/Value.tsx'
import { Columns, ExactCell, pageSize, Steps } from './parts.tsx'
import { Told } from './Told.tsx'

export interface Of {
  left: Side
  right: Side
  sourceId: number
}

type Found = Outputs['compare']['rows']
type Row = Found['rows'][number]

/** Rows added, gone and changed. */
export function Differences({ of }: { of: Of }) {
  const search = useSearch({ from: '/app/compare' })
  const { key, ignore, show = 'changed', at = 0 } = search
  const found = trpc.compare.rows.useQuery(
    {
      ...of,
      ...(key?.length && { key }),
      ...(ignore && { ignore }),
      show,
      offset: at,
      limit: pageSize,
      ...useOneTenant(),
    },
    { staleTime: 60_000 },
  )
  return <Loaded query={found}>{(data) => <Shown found={data} sourceId={of.sourceId} />}</Loaded>
}

function Shown({ found, sourceId }: { found: Found; sourceId: number }) {
  const search = useSearch({ from: '/app/compare' })
  const setSearch = useSetSearch<typeof search>()
  const { show = 'changed', at = 0 } = search
  const { counts, rows } = found
  const kinds = [
    { value: 'changed', label: `Changed ${count(counts.changed)}` },
    { value: 'added', label: `Added ${count(counts.added)}` },
    { value: 'gone', label: `Gone ${count(counts.gone)}` },
  ]
  return (
    <>
      <Told sides={found.sides} />
      <How found={found} />
      <div className="filterbar">
        <SegmentedControl
          aria-label="Which rows"
          value={show}
          data={kinds}
          onChange={(value) => setSearch({ show: value as typeof show, at: undefined })}
        />
        <span className="meta">
          {`${count(counts.same)} the same · ${count(found.tookMs)} ms`}
          {counts.repeated > 0 &&
            ` · ${plural(counts.repeated, 'row shares its key with another and is', 'rows share their key with others and are')} paired in order`}
        </span>
      </div>
      {rows.length === 0 ? (
        <EmptyState title={`No row ${show === 'changed' ? 'changed' : `was ${show === 'gone' ? 'lost' : 'added'}`}`}>
          {`${count(counts.same)} rows say the same on both sides, but for what is left out.`}
        </EmptyState>
      ) : (
        <List
          label={`Rows ${show}`}
          rows={rows}
          rowKey={({ left, right }) => `${left} ${right}`}
          columns={columnsOf(found, show, sourceId)}
        />
      )}
      <Steps at={at} shown={rows.length} total={counts[show]} go={(next) => setSearch({ at: next || undefined })} />
    </>
  )
}

function How({ found }: { found: Found }) {
  const search = useSearch({ from: '/app/compare' })
  const setSearch = useSetSearch<typeof search>()
  return (
    <div className="comparehow">
      <Columns
        label={`The same thing has the same${found.byHost ? ' host and' : ''}`}
        columns={found.columns}
        value={found.key}
        change={(key) => setSearch({ key: key.length > 0 ? key : undefined, at: undefined })}
      />
      <Columns
        label="Left out: differences here do not count"
        columns={found.columns}
        value={found.ignore}
        change={(ignore) => setSearch({ ignore, at: undefined })}
      />
      {found.columnsLeftOut > 0 && (
        <p className="meta">{`${count(found.columnsLeftOut)} more columns are compared and not listed here.`}</p>
      )}
    </div>
  )
}

function columnsOf({ key, byHost }: Found, show: 'changed' | 'added' | 'gone', sourceId: number): Column<Row>[] {
  return [
    ...(byHost ? [{ head: 'Host', cell: ({ host }: Row) => <Mono value={host} /> }] : []),
    ...key.map((name) => ({
      head: <Mono value={name} />,
      wrap: true,
      cell: ({ cells }: Row) => {
        const cell = cells.find(({ column }) => column === name)
        return <ExactCell json={cell?.right ?? cell?.left ?? null} />
      },
    })),
    {
      head: show === 'changed' ? 'What changed: before, then after' : 'What it says',
      wrap: true,
      cell: (row) => (show === 'changed' ? <Changes row={row} /> : <Says row={row} />),
    },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: ({ left, right }) => (
        <span className="row g8">
          <OpenRow id={left} sourceId={sourceId} label={right ? 'Before' : 'Open'} />
          <OpenRow id={right} sourceId={sourceId} label={left ? 'After' : 'Open'} />
        </span>
      ),
    },
  ]
}

function OpenRow({ id, sourceId, label }: { id: string | null; sourceId: number; label: string }) {
  if (id === null) return null
  return (
    <Link
      className="link"
      to="/collections/$id/rows"
      params={{ id: id.split('.')[0]! }}
      search={{ source: sourceId, row: id }}
      aria-label={`${label}: row ${id}`}
    >
      {label}
    </Link>
  )
}

const Changes = ({ row }: { row: Row }) => (
  <dl className="changes">
    {row.cells
      .filter(({ differs }) => differs)
      .map(({ column, left, right }) => (
        <div key={column}>
          <dt>
            <Mono value={column} />
          </dt>
          <dd>
            <del>
              <ExactCell json={left} />
            </del>
            <ins>
              <ExactCell json={right} />
            </ins>
          </dd>
        </div>
      ))}
  </dl>
)

const mostSaid = 12

function Says({ row }: { row: Row }) {
  const others = row.cells.filter(({ key }) => !key)
  return (
    <dl className="changes">
      {others.slice(0, mostSaid).map(({ column, left, right }) => (
        <div key={column}>
          <dt>
            <Mono value={column} />
          </dt>
          <dd>
            <ExactCell json={right ?? left} />
          </dd>
        </div>
      ))}
      {others.length > mostSaid && <p className="meta">{`${count(others.length - mostSaid)} more in the row`}</p>}
    </dl>
  )
}
