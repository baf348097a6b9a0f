import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import { ImportDialog } from './ImportDialog.tsx'
import { ImportKeys } from './ImportKeys.tsx'
import { ImportResult } from './ImportResult.tsx'

type Import = Outputs['ingestion']['imports']['rows'][number]

const isOpen = ({ state }: Import) => state === 'queued' || state === 'running'

/** Files that were brought in by hand, by a script or by a collector: how they go, and what came of them. */
export function Imports() {
  const [choosing, setChoosing] = useState(false)
  const [keys, setKeys] = useState(false)
  const soon = useLookAgain(2000)
  const later = useLookAgain(15_000)
  const all = useAllTenants()
  const sends = useMay('ingestion:send') && !all
  const imports = trpc.ingestion.imports.useInfiniteQuery(
    { ...useTenant(), limit: 20 },
    {
      getNextPageParam: (page) => page.nextCursor,
      refetchInterval: ({ state }) => (state.data?.pages.some(({ rows }) => rows.some(isOpen)) ? soon : later),
    },
  )
  const total = imports.data?.pages[0]?.total
  const choose = !all && (
    <div className="row g12">
      <button type="button" className="linkbutton" onClick={() => setKeys(true)}>
        Keys
      </button>
      {sends && (
        <button type="button" className="linkbutton" onClick={() => setChoosing(true)}>
          Import a file
        </button>
      )}
    </div>
  )
  return (
    <Panel title="Imports" count={total === undefined ? undefined : count(total)} actions={choose}>
      <Paged
        query={imports}
        empty={
          <EmptyState
            title="No file was imported yet"
            action={sends && <Button onClick={() => setChoosing(true)}>Import</Button>}
          >
            A zip of an offline collector, an export of a flow or hunt, CSV and JSON go in here, or by a script.
          </EmptyState>
        }
      >
        {(rows) => <ImportList rows={rows} sends={sends} />}
      </Paged>
      {choosing && <ImportDialog close={() => setChoosing(false)} />}
      {keys && <ImportKeys close={() => setKeys(false)} />}
    </Panel>
  )
}

function ImportList({ rows, sends }: { rows: Import[]; sends: boolean }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const [open, setOpen] = useState<Import>()
  const columns: (Column<Import> | false)[] = [
    {
      head: 'File',
      fill: true,
      cell: (row) => (
        <button type="button" className="linkbutton" onClick={() => setOpen(row)}>
          <Mono value={row.name} />
        </button>
      ),
    },
    { head: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'By', cell: ({ username, token }) => token ?? username ?? '', wide: true },
    {
      head: 'Size',
      num: true,
      cell: (row) => <span title={`${count(row.bytes)} bytes`}>{bytes(row.bytes)}</span>,
      wide: true,
    },
    { head: 'What went in', wrap: true, cell: (row) => <WentIn row={row} /> },
    { head: 'State', wrap: true, cell: (row) => <State row={row} /> },
    sends && {
      head: '',
      label: 'Actions',
      num: true,
      cell: (row) => (isOpen(row) ? <Cancel row={row} /> : row.canTryAgain && <Again row={row} open={setOpen} />),
    },
  ]
  return (
    <>
      <List
        label="Imports"
        rows={rows}
        rowKey={(row) => `${row.tenantId}.${row.id}`}
        columns={columns.filter((c) => c !== false)}
      />
      {open && <ImportResult id={open.id} tenant={open.tenantId} close={() => setOpen(undefined)} />}
    </>
  )
}

function WentIn({ row: { tenantId, result } }: { row: Import }) {
  const all = useAllTenants()
  if (!result || result.rows + result.files === 0) return <span className="t3">nothing</span>
  const { stored, known, rejected, files } = result
  const parts = [
    plural(stored, 'row'),
    known > 0 && `${count(known)} known before`,
    rejected > 0 && `${count(rejected)} set aside`,
    files > 0 && plural(files, 'file'),
  ]
  return (
    <Link to="/collections" search={all ? { tenant: tenantId } : {}} className="plainlink">
      {parts.filter(Boolean).join(', ')}
    </Link>
  )
}

function State({ row: { state, error, result, cancelled } }: { row: Import }) {
  if (state === 'failed') return <Dot tone="bad">{error ?? 'failed'}</Dot>
  if (state === 'done') return <Dot tone="ok">done</Dot>
  if (cancelled) return <Dot tone="warn">stopping</Dot>
  if (state === 'queued') return <Dot tone="hollow">waits its turn</Dot>
  const members = result && result.members > 0 && `${count(result.membersDone)} of ${count(result.members)} members`
  return <Dot tone="acc">{members ? `reads, ${members}` : 'reads'}</Dot>
}

function Again({ row, open }: { row: Import; open: (row: Import) => void }) {
  return (
    <button
      type="button"
      className="linkbutton"
      aria-label={`Try again: import of ${row.name}`}
      onClick={() => open(row)}
    >
      Try again…
    </button>
  )
}

function Cancel({ row: { id, tenantId, name, cancelled } }: { row: Import }) {
  const utils = trpc.useUtils()
  const cancel = trpc.ingestion.cancelImport.useMutation({
    onSuccess: () => toast({ text: `${name} is stopped. What went in stays.` }),
    onError: (failure) => toast({ text: sentence(failure) }),
    onSettled: () => utils.ingestion.imports.invalidate(),
  })
  return (
    <button
      type="button"
      className="linkbutton"
      disabled={cancelled || cancel.isPending}
      aria-label={`Cancel import of ${name}`}
      onClick={() => cancel.mutate({ id, tenant: tenantId })}
    >
      Cancel
    </button>
  )
}
