import { Tabs } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { Act } from '../../ui/Act.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Evidence } from '../../ui/evidence.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Mono } from '../../ui/Value.tsx'
import { RowAnnotations } from '../annotations/RowAnnotations.tsx'
import { RowTree } from './RowTree.tsx'
import { parseTree } from './tree.ts'

export type Row = Outputs['rows']['list']['rows'][number]

interface RowDrawerProps {
  row: Row
  /** What the list shows, to go on to the next. */
  rows: Row[]
  tab: string | undefined
  onTab: (tab: string | undefined) => void
  onOpen: (row: Row | undefined) => void
}

/** The whole row over the grid at the right: nothing reflows. */
export function RowDrawer({ row, rows, tab, onTab, onOpen }: RowDrawerProps) {
  const raw = trpc.rows.raw.useQuery({ id: row.id, ...useTenant() }, { staleTime: Infinity })
  const close = () => {
    onOpen(undefined)
    document.querySelector<HTMLElement>('[role=grid]')?.focus()
  }
  const at = rows.findIndex(({ id }) => id === row.id)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes from anywhere inside
    <aside className="drawer" aria-label="Row" onKeyDown={(e) => e.key === 'Escape' && close()}>
      <header>
        <div className="row">
          <Mono value={row.source} />
          <span style={{ marginLeft: 'auto', flex: 'none' }} className="row g4">
            <span className="meta">
              {at < 0 ? 'not among the rows shown' : `${count(at + 1)} of ${count(rows.length)} shown`}
            </span>
            {at >= 0 && <Steps before={rows[at - 1]} after={rows[at + 1]} onOpen={onOpen} />}
            {raw.data !== undefined && <Copy text={raw.data} label="Copy row" />}
            <Act label="Close" kbd="Esc" icon={<IconX size={16} />} onClick={close} />
          </span>
        </div>
        <div className="meta">
          <Mono value={row.host} /> · <span className="mono">{row.eventTime}</span>
        </div>
      </header>
      <RowAnnotations row={row} />
      <Tabs
        value={tab === 'origin' || tab === 'raw' ? tab : 'fields'}
        onChange={(next) => onTab(next === 'fields' || next === null ? undefined : next)}
        className="body"
      >
        <Tabs.List>
          <Tabs.Tab value="fields">Fields</Tabs.Tab>
          <Tabs.Tab value="origin">Where it came from</Tabs.Tab>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="fields">
          <Loaded query={raw}>{(text) => <Fields text={text} />}</Loaded>
        </Tabs.Panel>
        <Tabs.Panel value="origin" p={14}>
          <Origin row={row} />
        </Tabs.Panel>
        <Tabs.Panel value="raw" p={14}>
          <Loaded query={raw}>
            {(text) => (
              <pre className="code" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                <Evidence text={text} />
              </pre>
            )}
          </Loaded>
        </Tabs.Panel>
      </Tabs>
      <footer>
        <span className="meta">
          Row {row.row} · {bytes(row.bytes)}
          {row.repeated && ' · some keys stand more than once; all are shown under Fields'}
        </span>
      </footer>
    </aside>
  )
}

interface StepsProps {
  before: Row | undefined
  after: Row | undefined
  onOpen: (row: Row) => void
}

const Steps = ({ before, after, onOpen }: StepsProps) => (
  <>
    <Act
      label="Row before"
      kbd="K"
      icon={<IconArrowUp size={16} />}
      {...(before ? { onClick: () => onOpen(before) } : { disabled: true })}
    />
    <Act
      label="Next row"
      kbd="J"
      icon={<IconArrowDown size={16} />}
      {...(after ? { onClick: () => onOpen(after) } : { disabled: true })}
    />
  </>
)

function Fields({ text }: { text: string }) {
  const node = useMemo(() => {
    try {
      return parseTree(text)
    } catch {
      return undefined
    }
  }, [text])
  return node ? (
    <RowTree node={node} />
  ) : (
    <p className="pad">This row can’t be shown as a tree; its text stands under Raw.</p>
  )
}

function Origin({ row }: { row: Row }) {
  const search = { tenant: useAllTenants() ? row.tenantId : undefined }
  return (
    <Facts
      facts={[
        [
          'Host',
          <Link className="link" key="h" to="/hosts/$id" params={{ id: String(row.hostId) }} search={search}>
            <Mono value={row.host} />
          </Link>,
        ],
        [
          'Collection',
          <Link
            className="link"
            key="c"
            to="/collections/$id"
            params={{ id: String(row.collectionId) }}
            search={search}
          >
            {row.collectionId}
          </Link>,
        ],
        ['Source', <Mono key="s" value={row.source} />],
        ['Row number', row.row],
        [
          'Name',
          <span key="n" className="row g4">
            <Mono value={row.id} />
            <Copy text={row.id} />
          </span>,
        ],
      ]}
    />
  )
}
