import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'

type Held = Outputs['cases']['rows']['rows'][number]

const limit = 200

/** The rows that the case holds as evidence, each as it was sent, with the way back to it. */
export function RowsOfCase({ caseId, mayWork }: { caseId: number; mayWork: boolean }) {
  const held = trpc.cases.rows.useQuery({ id: caseId, limit, ...useOneTenant() })
  const letGo = useLetGo(caseId)
  const columns: Column<Held>[] = [
    { head: 'Host', cell: (row) => <Mono value={row.host} /> },
    { head: 'Row', wrap: true, cell: (row) => <HeldRow row={row} /> },
    { head: 'Note', wrap: true, cell: (row) => <Evidence text={row.note} /> },
    { head: 'Added', wide: true, cell: (row) => <Time at={row.addedAt} /> },
    { head: 'By', wide: true, cell: (row) => row.addedBy ?? <span className="t3">another tenant’s user</span> },
    ...(mayWork
      ? [
          {
            head: '',
            label: 'Actions',
            cell: (row: Held) => (
              <Button variant="subtle" onClick={() => letGo(row)}>
                Remove
              </Button>
            ),
          },
        ]
      : []),
  ]
  return (
    <Panel title="Evidence" count={held.data && count(held.data.total)}>
      <Loaded query={held}>
        {({ rows, total }) =>
          rows.length === 0 ? (
            <EmptyState title="No row yet">Add rows from the hunt: press C on a value, or select rows.</EmptyState>
          ) : (
            <>
              <List label="Rows of the case" rows={rows} rowKey={(row) => row.id} columns={columns} />
              {total > rows.length && <p className="meta pad">{`${count(rows.length)} of ${count(total)} shown.`}</p>}
            </>
          )
        }
      </Loaded>
    </Panel>
  )
}

/** So much of a row stands here before it is asked for. */
const most = 600

function HeldRow({ row }: { row: Held }) {
  const tenant = useOneTenant()
  const [whole, setWhole] = useState(false)
  const raw = trpc.rows.raw.useQuery({ id: row.id, ...tenant }, { staleTime: Infinity, retry: false })
  const text = raw.data
  return (
    <div className="col">
      <Link
        className="link mono"
        to="/collections/$id/rows"
        params={{ id: String(row.collectionId) }}
        search={{ source: row.sourceId, row: row.id, ...tenant }}
      >
        <Evidence text={row.source} /> · {row.id}
      </Link>
      <span className="mono" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
        {text !== undefined && <Evidence text={whole || text.length <= most ? text : `${text.slice(0, most)}…`} />}
        {raw.error && <span className="absent">{sentence(raw.error)}</span>}
      </span>
      {!whole && text !== undefined && text.length > most && (
        <button type="button" className="linkbutton" onClick={() => setWhole(true)}>
          Show all {count(text.length)} characters
        </button>
      )}
    </div>
  )
}

function useLetGo(caseId: number) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const done = { onSettled: () => utils.cases.invalidate() }
  const add = trpc.cases.addRows.useMutation(done)
  const remove = trpc.cases.removeRows.useMutation(done)
  return ({ id, note }: Held) => {
    const named = { id: caseId, rows: [id], ...tenant }
    remove.mutate(named, {
      onSuccess: () => toast({ text: 'Removed the row from the case.', undo: () => add.mutate({ ...named, note }) }),
      onError: (error) => toast({ text: `The row is not removed. ${sentence(error)}` }),
    })
  }
}
