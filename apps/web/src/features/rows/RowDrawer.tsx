import { Tabs } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { Act } from '../../ui/Act.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Evidence } from '../../ui/evidence.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Mono } from '../../ui/Value.tsx'
import { RowTree } from './RowTree.tsx'
import { parseTree } from './tree.ts'

export type Row = Outputs['rows']['list']['rows'][number]

/** The whole row over the grid at the right: nothing reflows. */
export function RowDrawer({ row, onClose }: { row: Row; onClose: () => void }) {
  const raw = trpc.rows.raw.useQuery({ id: row.id, ...useTenant() }, { staleTime: Infinity })
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes from anywhere inside
    <aside className="drawer" aria-label="Row" onKeyDown={(e) => e.key === 'Escape' && onClose()}>
      <header>
        <div className="row">
          <Mono value={row.source} />
          <span style={{ marginLeft: 'auto' }} className="row g4">
            {raw.data !== undefined && <Copy text={raw.data} label="Copy row" />}
            <Act label="Close" kbd="Esc" icon={<IconX size={16} />} onClick={onClose} />
          </span>
        </div>
        <div className="meta">
          <Mono value={row.host} /> · <span className="mono">{row.eventTime}</span>
        </div>
      </header>
      <Tabs defaultValue="fields" className="body">
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
