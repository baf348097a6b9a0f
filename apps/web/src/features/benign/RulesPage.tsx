import './benign.css'
import { Button, SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useTenant, useTenantChoice } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Page } from '../../ui/Page.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { RuleDialog } from './RuleDialog.tsx'
import { type Rule, useRules } from './useRules.ts'

/** By which rules rows are benign, what each hides, and until when. */
export function RulesPage() {
  const search = useSearch({ from: '/app/benign' })
  const setSearch = useSetSearch<typeof search>()
  const show = search.show ?? 'open'
  const all = useAllTenants()
  const mayWork = useMay('benign:work') && !all
  const own = useTenantChoice() === undefined
  const [editing, setEditing] = useState<Rule | 'new'>()
  const rules = trpc.benign.list.useInfiniteQuery(
    { show, limit: 50, ...useTenant() },
    {
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      refetchInterval: ({ state }) =>
        own && (state.data?.pages.some(({ rows }) => rows.some((rule) => rule.applying)) ? 1500 : 30_000),
    },
  )
  const begin = mayWork && (
    <Button leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setEditing('new')}>
      New rule…
    </Button>
  )
  return (
    <Page
      title="Benign rules"
      sub="Rows that match are marked benign, those that are stored and those that arrive. The hunt screen hides them when asked, and says how many. What people mark by hand comes first."
      actions={begin}
    >
      {editing && <RuleDialog rule={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      <Panel
        title="Rules"
        actions={
          <SegmentedControl
            aria-label="Which rules"
            size="xs"
            value={show}
            onChange={(to) => setSearch({ show: to === 'open' ? undefined : (to as 'all') })}
            data={[
              { value: 'open', label: 'In force' },
              { value: 'ended', label: 'Ended' },
              { value: 'all', label: 'All' },
            ]}
          />
        }
      >
        <Paged
          query={rules}
          empty={
            <EmptyState
              title={show === 'ended' ? 'No rule has ended' : 'No rule yet'}
              action={show !== 'ended' && begin}
            >
              Press B on a value of the hunt screen to say that its rows are benign.
            </EmptyState>
          }
        >
          {(rows) => (
            <List
              label="Rules"
              two
              rows={rows}
              rowKey={(rule) => rule.id}
              columns={columnsOf(all, mayWork ? setEditing : undefined)}
            />
          )}
        </Paged>
      </Panel>
    </Page>
  )
}

const columnsOf = (all: boolean, edit: ((rule: Rule) => void) | undefined): Column<Rule>[] => [
  {
    head: 'Rows that match',
    fill: true,
    cell: (rule) => (
      <>
        <div className="mono trunc" title={visible(rule.query)}>
          <Evidence text={rule.query} />
        </div>
        <div className="meta trunc" title={visible(rule.reason)}>
          <Evidence text={rule.reason} />
        </div>
      </>
    ),
  },
  ...(all ? [{ head: 'Tenant', cell: (rule: Rule) => <TenantName id={rule.tenantId} /> }] : []),
  { head: 'Rows marked', num: true, cell: (rule) => <Marked rule={rule} /> },
  { head: 'Last hit', cell: (rule) => <Time at={rule.hitAt} /> },
  { head: 'State', cell: (rule) => <State rule={rule} /> },
  {
    head: 'By',
    wide: true,
    cell: (rule) => (
      <>
        <div>{visible(rule.author)}</div>
        <div className="meta">
          <Time at={rule.createdAt} />
        </div>
      </>
    ),
  },
  { head: '', label: 'What to do', cell: (rule) => edit && rule.own && <Actions rule={rule} edit={edit} /> },
]

function Marked({ rule: { id, rows } }: { rule: Rule }) {
  if (rows === 0) return <span className="t3">0</span>
  return (
    <Link
      className="link"
      to="/hunt"
      search={(old) => ({ tenant: old.tenant, query: `benign:${id}` })}
      title="What it hides"
    >
      {count(rows)}
    </Link>
  )
}

function State({ rule }: { rule: Rule }) {
  const scope = rule.everywhere && <div className="meta">{rule.own ? 'for every tenant' : 'from another tenant'}</div>
  return (
    <>
      <div>
        <StateWords rule={rule} />
      </div>
      {scope}
    </>
  )
}

function StateWords({ rule }: { rule: Rule }) {
  if (rule.endedAt)
    return (
      <>
        ended <Time at={rule.endedAt} />
        {rule.endedBy && ` by ${visible(rule.endedBy)}`}
      </>
    )
  if (rule.error) return <span className="bad">failed: {rule.error}</span>
  if (!rule.inForce)
    return (
      <>
        expired <Time at={rule.expiresAt} form="day" />
      </>
    )
  if (rule.applying)
    return (
      <output>
        {rule.blocks > 0 ? `marking: ${count(rule.blocksDone)} of ${count(rule.blocks)} blocks` : 'marking'}
      </output>
    )
  return rule.expiresAt ? (
    <>
      until <Time at={rule.expiresAt} form="day" />
    </>
  ) : (
    <>no end</>
  )
}

function Actions({ rule, edit }: { rule: Rule; edit: (rule: Rule) => void }) {
  const { end, restore } = useRules()
  const mayShare = useMay('benign:share')
  const [busy, setBusy] = useState(false)
  const run = (work: Promise<void>) => {
    setBusy(true)
    void work.finally(() => setBusy(false))
  }
  if (rule.everywhere && !mayShare) return null
  if (rule.endedAt)
    return (
      <Button variant="subtle" size="compact-xs" loading={busy} onClick={() => run(restore(rule))}>
        Restore
      </Button>
    )
  return (
    <span className="row g4">
      <Button variant="subtle" size="compact-xs" onClick={() => edit(rule)}>
        Change…
      </Button>
      <Button variant="subtle" size="compact-xs" loading={busy} onClick={() => run(end(rule))}>
        End
      </Button>
    </span>
  )
}
