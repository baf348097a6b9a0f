import { SegmentedControl } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes as size, count } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { useSetSearch } from '../../lib/url.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { bytesOf, textOf } from './bytes.ts'
import { SaveBytes } from './SaveBytes.tsx'
import { useRetry } from './useRetry.ts'
import { ViewBytes } from './ViewBytes.tsx'

type Line = Outputs['ingestion']['rejected']['rows'][number]

const route = getRouteApi('/app/ingestion')

/** Lines that are no rows: kept byte for byte, with the reason. */
export function Rejected() {
  const { delivery, resolved = false } = route.useSearch()
  const setSearch = useSetSearch<ReturnType<typeof route.useSearch>>()
  const lines = trpc.ingestion.rejected.useInfiniteQuery(
    { ...useTenant(), limit: 50, resolved, ...(delivery !== undefined && { deliveryId: delivery }) },
    { getNextPageParam: (page) => page.nextCursor, placeholderData: (old) => old },
  )
  const total = lines.data?.pages[0]?.total
  const { retry, busy } = useRetry()
  const mayRetry = useMay('ingestion:send') && !useAllTenants()
  const showAll = delivery !== undefined && (
    <button type="button" className="linkbutton" onClick={() => setSearch({ delivery: undefined })}>
      Show those of every delivery
    </button>
  )
  const tryAll = mayRetry && !resolved && total !== undefined && total > 0 && (
    <button type="button" className="linkbutton" disabled={busy} onClick={() => retry({ deliveryId: delivery })}>
      {busy ? 'Trying…' : `Try all ${count(total)} again`}
    </button>
  )
  return (
    <Panel
      title="Set aside"
      id="aside"
      count={
        total === undefined ? undefined : `${count(total)}${delivery === undefined ? '' : ` of delivery ${delivery}`}`
      }
      actions={
        <>
          {showAll}
          {tryAll}
        </>
      }
    >
      <div className="filterbar">
        <SegmentedControl
          aria-label="Which lines"
          value={resolved ? 'resolved' : 'open'}
          data={[
            { value: 'open', label: 'Still set aside' },
            { value: 'resolved', label: 'Stored after all' },
          ]}
          onChange={(value) => setSearch({ resolved: value === 'resolved' || undefined })}
        />
        <span className="meta">Nothing is thrown away: the bytes are kept.</span>
      </div>
      <Paged
        query={lines}
        empty={
          resolved ? (
            <EmptyState title="No line was stored after all" action={showAll}>
              A line that was set aside stands here once another try could read it.
            </EmptyState>
          ) : (
            <EmptyState title="Nothing was set aside" action={showAll}>
              A line that is not JSON, or is larger than 16 MB, would stand here with its reason and its bytes.
            </EmptyState>
          )
        }
      >
        {(rows) => <Lines rows={rows} retry={mayRetry && !resolved && !busy ? retry : undefined} />}
      </Paged>
    </Panel>
  )
}

interface LinesProps {
  rows: Line[]
  retry: ((what: { id: number; tenantId: number }) => void) | undefined
}

function Lines({ rows, retry }: LinesProps) {
  const [seen, setSeen] = useState<Line>()
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const columns: (Column<Line> | false)[] = [
    { head: 'Delivery', cell: ({ deliveryId }) => deliveryId },
    { head: 'Line', num: true, cell: ({ lineNumber }) => count(lineNumber) },
    { head: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Source', cell: ({ source }) => (source === null ? '' : <Mono value={source} />), wide: true },
    { head: 'Reason', wrap: true, cell: (line) => <Reason line={line} /> },
    { head: 'What arrived', wrap: true, cell: (line) => <Arrived line={line} /> },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (line) => (
        <span className="row g12" style={{ justifyContent: 'flex-end' }}>
          <button
            type="button"
            className="linkbutton"
            aria-label={`View bytes of line ${line.id}`}
            onClick={() => setSeen(line)}
          >
            View
          </button>
          {retry && (
            <button
              type="button"
              className="linkbutton"
              aria-label={`Try again line ${line.id}`}
              onClick={() => retry(line)}
            >
              Try again
            </button>
          )}
          <SaveBytes id={line.id} tenantId={line.tenantId} byteLength={line.byteLength} />
        </span>
      ),
    },
  ]
  return (
    <>
      <List
        label="Lines set aside"
        rows={rows}
        rowKey={(line) => `${line.tenantId}.${line.id}`}
        edge={(line) => (line.resolvedAt === null ? 'medium' : 'none')}
        columns={columns.filter((c) => c !== false)}
      />
      {seen && <ViewBytes line={seen} close={() => setSeen(undefined)} />}
    </>
  )
}

function Reason({ line: { reason, tries, triedAt, triedReason, resolvedAt, resolvedBy } }: { line: Line }) {
  return (
    <div>
      {reason}
      {resolvedAt !== null ? (
        <div className="meta">
          stored <Time at={resolvedAt} />, by <Mono value={resolvedBy ?? ''} />
        </div>
      ) : (
        tries > 0 && (
          <div className="meta">
            tried again <Time at={triedAt} />: {triedReason}
          </div>
        )
      )}
    </div>
  )
}

const shownBytes = 300

function Arrived({ line: { start, byteLength } }: { line: Line }) {
  const begin = bytesOf(start ?? '')
  const cut = byteLength > shownBytes
  return (
    <span>
      <Mono value={textOf(begin)} shown={textOf(begin.subarray(0, shownBytes))} />{' '}
      <span className="meta nowrap">
        {cut ? `first ${shownBytes} of ${count(byteLength)} bytes` : size(byteLength)}
      </span>
    </span>
  )
}
