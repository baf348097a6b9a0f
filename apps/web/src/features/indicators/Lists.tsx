import { Button, Switch } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client, trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { ListDialog } from './ListDialog.tsx'
import type { IndicatorList } from './words.ts'

interface ListsProps {
  query: { data: Outputs['indicators']['list'] | undefined; error: unknown; refetch: () => unknown }
  chosen: number | undefined
  mayWork: boolean
  choose: (id: number | undefined) => void
}

export function Lists({ query, chosen, mayWork, choose }: ListsProps) {
  const [editing, setEditing] = useState<IndicatorList | 'new'>()
  return (
    <Panel
      title="Lists"
      count={query.data && count(query.data.rows.length)}
      actions={
        mayWork && (
          <Button variant="subtle" onClick={() => setEditing('new')}>
            New list…
          </Button>
        )
      }
    >
      {editing && <ListDialog list={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      <Loaded query={query}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No list yet">Paste a report’s indicators, and save them as a list.</EmptyState>
          ) : (
            rows.map((list) => (
              <Line
                key={list.id}
                list={list}
                on={list.id === chosen}
                mayWork={mayWork && list.own}
                choose={() => choose(list.id === chosen ? undefined : list.id)}
                edit={() => setEditing(list)}
              />
            ))
          )
        }
      </Loaded>
    </Panel>
  )
}

interface LineProps {
  list: IndicatorList
  on: boolean
  mayWork: boolean
  choose: () => void
  edit: () => void
}

function Line({ list, on, mayWork, choose, edit }: LineProps) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const turn = useMutation({
    mutationFn: (active: boolean) =>
      client.indicators.update.mutate({ ...tenant, id: list.id, version: list.version, active }),
    onSettled: () => utils.indicators.invalidate(),
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <div className={`indicatorlist${on ? ' on' : ''}`}>
      <div>
        <button type="button" className="plainlink b" aria-pressed={on} onClick={choose}>
          {list.name}
        </button>
        <div className="meta">
          {count(list.indicators)} · {list.benign ? 'benign' : list.tlp.toUpperCase()} · <Ends list={list} />
          {!list.own && ' · shared with you'}
          {list.leftOut > 0 && ` · ${count(list.leftOut)} left out as benign`}
          {list.sharedWith.length > 0 && ` · shared with ${list.sharedWith.length}`}
        </div>
        {!list.benign && list.inForce && list.swept < list.indicators && (
          <output className="meta sweeping">
            Sweeping: {count(list.swept)} of {count(list.indicators)}
          </output>
        )}
      </div>
      {list.openHits > 0 && <span className="hitcount">◆ {count(list.openHits)} hits</span>}
      {mayWork && (
        <>
          <Button variant="subtle" size="compact-xs" aria-label={`Change ${list.name}`} onClick={edit}>
            Change…
          </Button>
          <Switch
            aria-label={`Match against ${list.name}`}
            checked={list.active}
            disabled={turn.isPending}
            onChange={(event) => turn.mutate(event.currentTarget.checked)}
          />
        </>
      )}
    </div>
  )
}

function Ends({ list }: { list: IndicatorList }) {
  if (!list.validUntil) return 'no end'
  return (
    <>
      {list.ended ? 'ended ' : 'until '}
      <Time at={list.validUntil} form="day" />
    </>
  )
}
