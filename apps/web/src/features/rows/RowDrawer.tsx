import { Button, Tabs } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconBriefcase, IconLink, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { Act } from '../../ui/Act.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { SkeletonRows } from '../../ui/Skeleton.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { RowHits } from '../indicators/RowHits.tsx'
import { HitsContext, useRowHits } from '../indicators/useRowHits.ts'
import { RowAnnotations } from '../annotations/RowAnnotations.tsx'
import { Comments } from '../triage/Comments.tsx'
import { RowMark } from '../triage/Marks.tsx'
import { useMarks } from '../triage/useTriage.ts'
import { Origin, useProvenance } from './Origin.tsx'
import { RowTree } from './RowTree.tsx'
import { parseTree } from './tree.ts'
import { copy } from './value-actions.ts'
import { useHasValues, useValues, ValueMenus } from './Values.tsx'

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
export function RowDrawer(props: RowDrawerProps) {
  return useHasValues() ? (
    <Drawer {...props} />
  ) : (
    <ValueMenus here="">
      <Drawer {...props} />
    </ValueMenus>
  )
}

const tabs = ['fields', 'around', 'comments', 'origin', 'raw']

function Drawer({ row, rows, tab, onTab, onOpen }: RowDrawerProps) {
  const raw = trpc.rows.raw.useQuery({ id: row.id, ...useTenant() }, { staleTime: Infinity })
  const [span, setSpan] = useState('5m')
  const said = useMarks([row]).get(row.id)?.comments
  const hits = useRowHits([row])
  const close = () => {
    onOpen(undefined)
    document.querySelector<HTMLElement>('[role=grid]')?.focus()
  }
  return (
    <HitsContext value={hits}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes from anywhere inside */}
      <aside
        className="drawer"
        aria-label="Row"
        onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && close()}
      >
        <Head row={row} rows={rows} raw={raw.data} onOpen={onOpen} close={close} />
        <RowHits row={row} />
        <RowAnnotations row={row} />
        <Tabs
          value={tabs.find((known) => known === tab) ?? 'fields'}
          onChange={(next) => onTab(next === 'fields' || next === null ? undefined : next)}
          className="body"
          keepMounted={false}
        >
          <Tabs.List>
            <Tabs.Tab value="fields">Fields</Tabs.Tab>
            <Tabs.Tab value="around">Around it</Tabs.Tab>
            <Tabs.Tab value="comments">{said ? `Comments ${said}` : 'Comments'}</Tabs.Tab>
            <Tabs.Tab value="origin">Where it came from</Tabs.Tab>
            <Tabs.Tab value="raw">Raw</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="fields">
            <Loaded query={raw}>{(text) => <Fields key={row.id} row={row} text={text} />}</Loaded>
          </Tabs.Panel>
          <Tabs.Panel value="around" className="aroundtab">
            <Suspense fallback={<SkeletonRows />}>
              <Around row={row.id} span={span} onSpan={setSpan} onOpen={onOpen} />
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="comments" p={14}>
            <Comments key={row.id} row={row} />
          </Tabs.Panel>
          <Tabs.Panel value="origin" p={14}>
            <Origin row={row} />
          </Tabs.Panel>
          <Tabs.Panel value="raw" p={14}>
            <Loaded query={raw}>{(text) => <RawText key={row.id} text={text} />}</Loaded>
          </Tabs.Panel>
        </Tabs>
        <Foot row={row} />
      </aside>
    </HitsContext>
  )
}

/** Loaded when it is looked at, as it has a slice of its own. */
const Around = lazy(() => import('../timeline/Around.tsx').then((module) => ({ default: module.Around })))

interface HeadProps extends Pick<RowDrawerProps, 'row' | 'rows' | 'onOpen'> {
  raw: string | undefined
  close: () => void
}

function Head({ row, rows, raw, onOpen, close }: HeadProps) {
  const search = { tenant: useAllTenants() ? row.tenantId : undefined }
  const at = rows.findIndex(({ id }) => id === row.id)
  return (
    <header>
      <div className="row">
        <span className="trunc mono b" title={visible(row.source)}>
          <Evidence text={row.source} />
        </span>
        <span style={{ marginLeft: 'auto', flex: 'none' }} className="row g4">
          <span className="meta">
            {at < 0 ? 'not among the rows shown' : `Row ${count(at + 1)} of ${count(rows.length)} shown`}
          </span>
          {at >= 0 && <Steps before={rows[at - 1]} after={rows[at + 1]} onOpen={onOpen} />}
          <Act
            label="Copy link"
            icon={<IconLink size={16} />}
            onClick={() => void copy(location.href, 'Copied the link.')}
          />
          {raw !== undefined && <Copy text={raw} label="Copy row" />}
          <Act label="Close" kbd="Esc" icon={<IconX size={16} />} onClick={close} />
        </span>
      </div>
      <div className="row t2" style={{ marginTop: 2 }}>
        <Link className="link mono" to="/hosts/$id" params={{ id: String(row.hostId) }} search={search}>
          <Evidence text={row.host} />
        </Link>
        <span className="t3">·</span>
        {search.tenant !== undefined && (
          <>
            <TenantName id={row.tenantId} />
            <span className="t3">·</span>
          </>
        )}
        <span className="mono">{row.eventTime.replace('T', ' ').replace('Z', ' UTC')}</span>
      </div>
      <RowMark row={row} />
    </header>
  )
}

function Foot({ row }: { row: Row }) {
  const { addRows } = useValues()
  const from = useProvenance(row.id).data
  return (
    <footer>
      {addRows && (
        <Button leftSection={<IconBriefcase size={15} />} onClick={() => addRows([row])}>
          Add to case…
        </Button>
      )}
      <span className="meta end nowrap">
        {from && `Delivery ${from.deliveryId}, `}row {row.row} · {bytes(row.bytes)}
        {from && (
          <>
            {' · '}
            <span className="mono" title={from.deliverySha256}>
              sha256 {from.deliverySha256.slice(0, 8)}…
            </span>
          </>
        )}
        {row.repeated && ' · some keys stand more than once'}
      </span>
    </footer>
  )
}

/** More of a text is laid out only when it is asked for. */
const mostRaw = 100_000

function RawText({ text }: { text: string }) {
  const [whole, setWhole] = useState(false)
  const cut = !whole && text.length > mostRaw
  return (
    <>
      <pre className="code" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        <Evidence text={cut ? text.slice(0, mostRaw) : text} />
      </pre>
      {cut && (
        <p className="row g4 meta">
          {count(mostRaw)} of {count(text.length)} characters shown
          <button type="button" className="linkbutton" onClick={() => setWhole(true)}>
            Show all
          </button>
        </p>
      )}
    </>
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

function Fields({ row, text }: { row: Row; text: string }) {
  const node = useMemo(() => {
    try {
      return parseTree(text)
    } catch {
      return undefined
    }
  }, [text])
  return node ? (
    <RowTree node={node} row={row} />
  ) : (
    <p className="pad">This row can’t be shown as a tree; its text stands under Raw.</p>
  )
}
