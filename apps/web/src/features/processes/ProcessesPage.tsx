import { Button, Select } from '@mantine/core'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { count, dayTime, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { HostFrame } from '../timeline/HostFrame.tsx'
import { OpenRow } from '../timeline/OpenRow.tsx'
import { ProcessTree } from './ProcessTree.tsx'
import { ancestorsOf } from './tree.ts'
import '../rows/rows.css'
import './processes.css'

const keys = [
  { keys: ['Arrows'], label: 'move, open, close' },
  { keys: ['Home', 'End'], label: 'ends' },
  { keys: ['Enter'], label: 'the row' },
  { keys: ['?'], label: 'all keys' },
]

type Tree = Outputs['processes']['tree']
type Snapshot = Tree['snapshots'][number]

const idOf = ({ collectionId, sourceId }: Snapshot) => `${collectionId ?? ''}.${sourceId}`

/** The processes of a host as a tree, out of one list or of the logs of their creation. */
export function ProcessesPage() {
  const id = Number(useParams({ from: '/app/hosts/$id/processes' }).id)
  const search = useSearch({ from: '/app/hosts/$id/processes' })
  const setSearch = useSetSearch<typeof search>()
  const { row, collection, source } = search
  const found = trpc.processes.tree.useQuery({
    hostId: id,
    ...(row !== undefined && { row }),
    ...(source !== undefined && { sourceId: source, ...(collection !== undefined && { collectionId: collection }) }),
    ...useTenant(),
  })
  const choose = (value: string | null) => {
    const snapshot = found.data?.snapshots.find((one) => idOf(one) === value)
    if (snapshot)
      setSearch({ collection: snapshot.collectionId ?? undefined, source: snapshot.sourceId, row: undefined })
  }
  return (
    <HostFrame
      id={id}
      what="Processes"
      foot={
        <StatusLine
          parts={[
            found.data && plural(found.data.nodes.length, 'process', 'processes'),
            found.data &&
              found.data.told > found.data.nodes.length &&
              `${plural(found.data.told - found.data.nodes.length, 'row tells', 'rows tell')} no process`,
            found.isFetching && 'updating',
          ]}
          keys={keys}
        />
      }
    >
      <Loaded query={found}>
        {(tree) => (
          <Shown
            key={tree.snapshot ? idOf(tree.snapshot) : 'none'}
            hostId={id}
            tree={tree}
            choose={choose}
            onOpen={(to) => setSearch({ open: to }, search.open !== undefined)}
          />
        )}
      </Loaded>
      {search.open !== undefined && (
        <OpenRow
          id={search.open}
          tab={search.tab}
          onTab={(tab) => setSearch({ tab }, true)}
          onOpen={(to) => setSearch({ open: to?.id })}
        />
      )}
    </HostFrame>
  )
}

interface ShownProps {
  hostId: number
  tree: Tree
  choose: (value: string | null) => void
  onOpen: (row: string) => void
}

/** So many are all open at first. */
const mostOpen = 2000

function Shown({ hostId, tree, choose, onOpen }: ShownProps) {
  const { nodes, focus, snapshot, snapshots } = tree
  const every = useMemo(() => new Set(nodes.keys()), [nodes])
  const [open, setOpen] = useState<ReadonlySet<number>>(() =>
    nodes.length <= mostOpen ? every : new Set(focus === null ? [] : ancestorsOf(nodes, focus)),
  )
  const [here, setHere] = useState(focus ?? 0)
  if (!snapshot)
    return (
      <EmptyState title="No process list of this host">
        Windows.System.Pslist, Linux.Sys.Pslist, Generic.System.Pstree, and logs with process creations (Security 4688,
        Sysmon 1) make a tree here.
      </EmptyState>
    )
  const node = nodes[here]
  return (
    <>
      <div className="rowsbar">
        <Select
          aria-label="List of processes"
          data={snapshots.map((one) => ({ value: idOf(one), label: labelOf(one) }))}
          value={idOf(snapshot)}
          onChange={choose}
          allowDeselect={false}
          style={{ width: 460 }}
        />
        <span className="grow" />
        {node && (
          <>
            <Link
              className="link"
              to="/hosts/$id/timeline"
              params={{ id: String(hostId) }}
              search={{ around: node.row }}
            >
              Timeline around it
            </Link>
            <Button variant="subtle" onClick={() => onOpen(node.row)}>
              Open the row
            </Button>
          </>
        )}
        <Button variant="subtle" onClick={() => setOpen(every)}>
          Open all
        </Button>
        <Button variant="subtle" onClick={() => setOpen(new Set())}>
          Close all
        </Button>
      </div>
      <div className="phead meta" aria-hidden>
        <span>Process</span>
        <span className="num">Pid</span>
        <span>User</span>
        <span>Started (UTC)</span>
      </div>
      {nodes.length === 0 ? (
        <EmptyState title="No process in this list">Its rows tell none.</EmptyState>
      ) : (
        <ProcessTree
          nodes={nodes}
          open={open}
          setOpen={setOpen}
          here={here}
          setHere={setHere}
          onOpen={({ row }) => onOpen(row)}
        />
      )}
    </>
  )
}

const labelOf = ({ source, kind, rows, at }: Snapshot) =>
  kind === 'list'
    ? `${visible(source)}, ${dayTime(at)}, ${count(rows)} rows`
    : `${visible(source)}, process creations of all collections`
