import { count, plural } from '../../lib/format.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Dot } from '../../ui/Dot.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Overview } from './IngestionPage.tsx'

type Damaged = Overview['blocks']['damaged'][number]

/** What there is to do on the blocks that hold the rows, and those that do not hold what was stored. */
export function Blocks({ small, incomplete, damaged }: Overview['blocks']) {
  return (
    <>
      {damaged.length > 0 && <DamagedBlocks rows={damaged} />}
      <Panel title="Evidence blocks" pad>
        <Facts
          facts={[
            ['Small', small === 0 ? 'none' : `${count(small)}, joined once a few minutes old and many`],
            [
              'Lacking a part',
              incomplete === 0 ? (
                'none'
              ) : (
                <Dot tone="warn">{`${plural(incomplete, 'block')} being brought up to date: found, but slower`}</Dot>
              ),
            ],
            ['Damaged', damaged.length === 0 ? 'none found' : plural(damaged.length, 'block')],
          ]}
        />
      </Panel>
    </>
  )
}

function DamagedBlocks({ rows }: { rows: Damaged[] }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const columns: (Column<Damaged> | false)[] = [
    { head: 'Source', fill: true, cell: ({ source }) => <Mono value={source} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Rows', num: true, cell: (row) => count(row.rows) },
    { head: 'Why', wrap: true, cell: ({ reason }) => reason },
    { head: 'Found', cell: ({ foundAt }) => <Time at={foundAt} /> },
  ]
  return (
    <Panel title="Damaged blocks" count={count(rows.length)}>
      <p className="pad meta">
        The lines of these blocks are not those that were stored. They are left as they are: restore them from a backup,
        or have the collections sent again.
      </p>
      <List
        label="Damaged blocks"
        rows={rows}
        rowKey={(row) => `${row.tenantId}.${row.sourceId}.${row.foundAt}.${row.reason}`}
        edge={() => 'high'}
        columns={columns.filter((c) => c !== false)}
      />
    </Panel>
  )
}
