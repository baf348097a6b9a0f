import { Modal, Switch } from '@mantine/core'
import { useMemo, useState } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Mono } from '../../ui/Value.tsx'
import { Shown } from './cells.tsx'
import type { Row } from './RowDrawer.tsx'
import { leafValue, leavesOf, parseTree } from './tree.ts'

interface CompareRowsProps {
  left: Row
  right: Row
  close: () => void
}

interface Line {
  path: string
  left: ReturnType<typeof leafValue>
  right: ReturnType<typeof leafValue>
  differs: boolean
}

/** Two rows field by field: what one has and the other has not, and what differs. */
export function CompareRows({ left, right, close }: CompareRowsProps) {
  const tenant = useTenant()
  const of = (row: Row) => trpc.rows.raw.useQuery({ id: row.id, ...tenant }, { staleTime: Infinity })
  const [a, b] = [of(left), of(right)]
  const both = { ...a, data: a.data !== undefined && b.data !== undefined ? [a.data, b.data] : undefined }
  const refetch = () => Promise.all([a.refetch(), b.refetch()])
  return (
    <Modal opened onClose={close} title="Two rows" size="90%">
      <Loaded query={{ data: both.data, error: a.error ?? b.error, refetch }}>
        {([first, second]) => <Compared left={left} right={right} first={first!} second={second!} />}
      </Loaded>
    </Modal>
  )
}

const mostLines = 500

interface ComparedProps {
  left: Row
  right: Row
  first: string
  second: string
}

function Compared({ left, right, first, second }: ComparedProps) {
  const [every, setEvery] = useState(false)
  const lines = useMemo(() => compared(first, second), [first, second])
  if (!lines) return <p className="t2">One of the rows can’t be read field by field; each has its text under Raw.</p>
  const differing = lines.filter((line) => line.differs)
  const some = every ? lines : differing
  const side = (which: 'left' | 'right', row: Row): Column<Line> => ({
    head: (
      <>
        <Mono value={row.host} /> <span className="mono">{row.eventTime}</span>
      </>
    ),
    wrap: true,
    cell: (line) => (
      <span className="mono" style={{ overflowWrap: 'anywhere' }}>
        <Shown value={line[which]} most={2000} />
      </span>
    ),
  })
  return (
    <div className="col g12">
      <div className="row">
        <span className="grow">
          {differing.length === 0
            ? 'The two rows are alike in every field.'
            : `${plural(differing.length, 'field differs', 'fields differ')}, ${count(lines.length - differing.length)} alike`}
        </span>
        <Switch label="Alike ones too" checked={every} onChange={(event) => setEvery(event.currentTarget.checked)} />
      </div>
      {some.length > 0 && (
        <List
          label="Fields of both rows"
          rows={some.slice(0, mostLines)}
          rowKey={({ path }) => path}
          columns={[
            { head: 'Field', wrap: true, cell: ({ path }) => <Mono value={path} /> },
            side('left', left),
            side('right', right),
          ]}
        />
      )}
      {some.length > mostLines && <p className="meta">{`${count(mostLines)} of ${count(some.length)} shown.`}</p>}
    </div>
  )
}

function compared(first: string, second: string): Line[] | undefined {
  try {
    const [a, b] = [leavesOf(parseTree(first)), leavesOf(parseTree(second))]
    return [...new Set([...a.keys(), ...b.keys()])].map((path) => {
      const [left, right] = [leafValue(a.get(path)), leafValue(b.get(path))]
      return {
        path,
        left,
        right,
        differs: JSON.stringify([left, typeof left]) !== JSON.stringify([right, typeof right]),
      }
    })
  } catch {
    return undefined
  }
}
