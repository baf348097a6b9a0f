import { Button, Modal } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState, type SyntheticEvent } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { Facts } from '../../ui/Facts.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { LockFields } from './LockFields.tsx'

type Import = Outputs['ingestion']['import']
type Result = NonNullable<Import['result']>

/** What an import brought, source by source, what it says of the file, and another try where one is possible. */
export function ImportResult({ id, tenant, close }: { id: number; tenant: number; close: () => void }) {
  const query = trpc.ingestion.import.useQuery(
    { id, tenant },
    { refetchInterval: ({ state }) => (state.data?.state === 'running' ? 2000 : false) },
  )
  return (
    <Modal opened onClose={close} title="Import" size={760}>
      <Loaded query={query}>{(found) => <Found found={found} tenant={tenant} close={close} />}</Loaded>
    </Modal>
  )
}

function Found({ found, tenant, close }: { found: Import; tenant: number; close: () => void }) {
  const sends = useMay('ingestion:send')
  const { result } = found
  return (
    <div className="col g12">
      <Facts
        facts={[
          ['File', <Mono key="name" value={found.name} />],
          ['Size', `${count(found.bytes)} bytes`],
          ['SHA-256', <Mono key="hash" value={found.sha256} />],
          ['Sent by', found.token ?? found.username ?? undefined],
          ['Began', found.startedAt ? <Time key="began" at={found.startedAt} form="plain" /> : undefined],
          ['Ended', found.endedAt ? <Time key="ended" at={found.endedAt} form="plain" /> : undefined],
          ['Files', result && result.files > 0 ? `${count(result.files)}, ${bytes(result.fileBytes)}` : undefined],
        ]}
      />
      {found.error && (
        <div className="note bad" role="alert">
          {found.error}
          {result && result.rows + result.files > 0 && ' What went in before stays, and stands below.'}
        </div>
      )}
      {result?.notes.map((note) => (
        <div key={note} className="t2">
          {note}
        </div>
      ))}
      {result && result.sources.length > 0 && <Sources result={result} tenant={tenant} close={close} />}
      {sends && found.canTryAgain && <TryAgain id={found.id} tenant={tenant} close={close} />}
    </div>
  )
}

function Sources({ result, tenant, close }: { result: Result; tenant: number; close: () => void }) {
  const all = useAllTenants()
  const hosts = new Map(result.hosts.map(({ id, hostname }) => [id, hostname]))
  const columns: Column<Result['sources'][number]>[] = [
    { head: 'Host', cell: ({ hostId }) => hosts.get(hostId) ?? '' },
    {
      head: 'Source',
      fill: true,
      cell: ({ source, collectionId }) => (
        <Link
          to="/collections/$id"
          params={{ id: String(collectionId) }}
          search={all ? { tenant } : {}}
          onClick={close}
        >
          {source}
        </Link>
      ),
    },
    { head: 'Rows', num: true, cell: ({ rows }) => count(rows) },
    { head: 'New', num: true, cell: ({ stored }) => count(stored) },
    { head: 'Known before', num: true, cell: ({ known }) => count(known) },
    { head: 'Set aside', num: true, cell: ({ rejected }) => count(rejected) },
  ]
  return (
    <>
      <List
        label="Sources of the import"
        rows={[...result.sources.entries()].map(([i, source]) => ({ ...source, i }))}
        rowKey={(row) => (row as typeof row & { i: number }).i}
        columns={columns}
      />
      {result.sourcesTotal > result.sources.length && (
        <div className="t3">
          The first {count(result.sources.length)} of {count(result.sourcesTotal)}.
        </div>
      )}
    </>
  )
}

function TryAgain({ id, tenant, close }: { id: number; tenant: number; close: () => void }) {
  const utils = trpc.useUtils()
  const [fields, setFields] = useState({ password: '', private_key: '' })
  const retry = trpc.ingestion.retryImport.useMutation({
    onSuccess: () => {
      void utils.ingestion.invalidate()
      close()
    },
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const { password, private_key: privateKey } = fields
    retry.mutate({ id, tenant, ...(password && { password }), ...(privateKey && { privateKey }) })
  }
  const set = (key: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget
    setFields((before) => ({ ...before, [key]: value }))
  }
  return (
    <form className="col g12" onSubmit={submit}>
      <div className="t2">The file is kept for two days, so that it need not be sent again.</div>
      <LockFields fields={fields} set={set} />
      {retry.error && (
        <div className="note bad" role="alert">
          {sentence(retry.error)}
        </div>
      )}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button type="submit" loading={retry.isPending}>
          Try again
        </Button>
      </div>
    </form>
  )
}
