import { Button, Select } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { SortHead, type Direction } from '../../ui/SortHead.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { NewCase } from './NewCase.tsx'
import { severityOptions, statusOptions } from './words.ts'

type Row = Outputs['cases']['list']['rows'][number]

export function CasesPage() {
  const search = useSearch({ from: '/app/cases' })
  const setSearch = useSetSearch<typeof search>()
  const { query, status, severity, direction = 'desc', create } = search
  const filter = { ...(query && { query }), ...(status && { status }), ...(severity && { severity }) }
  const found = trpc.cases.list.useInfiniteQuery(
    { ...useTenant(), ...filter, order: direction, limit: 100 },
    { getNextPageParam: (last) => last.nextCursor, placeholderData: (old) => old },
  )
  const all = useAllTenants()
  const mayWork = useMay('case:work') && !all
  const filtered = Object.keys(filter).length > 0
  const newCase = mayWork && <Button onClick={() => setSearch({ create: true })}>New case…</Button>
  return (
    <Page title="Cases" sub={found.data && plural(found.data.pages[0]!.total, 'case')} actions={newCase}>
      {create && mayWork && <NewCase onClose={() => setSearch({ create: undefined }, true)} />}
      <section className="panel" aria-label="Cases">
        <div className="filterbar">
          <SearchBox
            label="Words in title or text"
            value={query}
            onSearch={(text) => setSearch({ query: text }, true)}
          />
          <Select
            aria-label="Status"
            placeholder="Any status"
            clearable
            data={statusOptions}
            value={status ?? null}
            onChange={(value) => setSearch({ status: value ?? undefined })}
          />
          <Select
            aria-label="Severity"
            placeholder="Any severity"
            clearable
            data={severityOptions}
            value={severity ?? null}
            onChange={(value) => setSearch({ severity: value ?? undefined })}
          />
          {filtered && (
            <Button
              variant="subtle"
              onClick={() => setSearch({ query: undefined, status: undefined, severity: undefined })}
            >
              Clear the filter
            </Button>
          )}
        </div>
        <Paged
          query={found}
          empty={
            filtered ? (
              <EmptyState title="No case matches">Titles and texts were searched.</EmptyState>
            ) : (
              <EmptyState title="No case yet">A case keeps what an investigation found.</EmptyState>
            )
          }
        >
          {(rows) => (
            <List
              label="Cases"
              rows={rows}
              rowKey={(row) => row.id}
              edge={(row) => (row.status === 'closed' ? 'none' : row.severity)}
              columns={columnsOf(all, direction, (to) => setSearch({ direction: to }))}
            />
          )}
        </Paged>
      </section>
    </Page>
  )
}

const columnsOf = (all: boolean, direction: Direction, sort: (to: Direction) => void): Column<Row>[] => [
  { head: 'Severity', cell: (row) => <Severity level={row.severity} /> },
  {
    head: 'Case',
    wrap: true,
    cell: (row) => (
      <Link
        to="/cases/$id"
        params={{ id: String(row.id) }}
        search={{ tenant: all ? row.tenantId : undefined }}
        className="link b"
      >
        {row.title}
      </Link>
    ),
  },
  ...(all ? [{ head: 'Tenant', cell: (row: Row) => <TenantName id={row.tenantId} /> }] : []),
  { head: 'Status', cell: (row) => row.status[0]!.toUpperCase() + row.status.slice(1) },
  { head: 'Artifacts', num: true, cell: (row) => count(row.artifacts) },
  { head: 'Saved by', cell: (row) => row.updatedBy ?? <span className="t3">another tenant’s user</span> },
  {
    head: (
      <SortHead active direction={direction} onSort={sort}>
        Last change
      </SortHead>
    ),
    cell: (row) => <Time at={row.updatedAt} />,
  },
]
