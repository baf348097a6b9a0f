import './indicators.css'
import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Page } from '../../ui/Page.tsx'
import { ExportMenu, ImportDialog } from './FileDialogs.tsx'
import { Hits } from './Hits.tsx'
import { Lists } from './Lists.tsx'
import { PasteDialog } from './PasteDialog.tsx'
import { type SweptValue, SweepResult } from './SweepResult.tsx'
import { Values } from './Values.tsx'

/** Lists of indicators, where they were found, and a sweep of pasted ones. */
export function IndicatorsPage() {
  const search = useSearch({ from: '/app/indicators' })
  const setSearch = useSetSearch<typeof search>()
  const [pasting, setPasting] = useState<{ values?: SweptValue[] }>()
  const [importing, setImporting] = useState(false)
  const [swept, setSwept] = useState<SweptValue[]>()
  const found = trpc.indicators.list.useQuery(
    { ...useTenant(), limit: 200 },
    {
      refetchInterval: ({ state }) =>
        state.data?.rows.some((list) => !list.benign && list.inForce && list.swept < list.indicators) ? 2000 : 15_000,
    },
  )
  const all = useAllTenants()
  const mayWork = useMay('indicator:work') && !all
  const lists = found.data?.rows
  const total = lists?.reduce((sum, list) => sum + list.indicators, 0) ?? 0
  const sub = lists
    ? `${plural(total, 'indicator')} on ${plural(lists.length, 'list')}. Every new row is matched against the active ones; every new indicator is swept over all stored rows.`
    : undefined
  const paste = (
    <Button leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setPasting({})}>
      {mayWork ? 'Add or sweep…' : 'Sweep…'}
    </Button>
  )
  const chosen = lists?.find(({ id }) => id === search.list)
  const actions = (
    <>
      {chosen && !all && <ExportMenu list={chosen} />}
      {mayWork && (
        <Button variant="default" onClick={() => setImporting(true)}>
          Import CSV, STIX or MISP…
        </Button>
      )}
      {paste}
    </>
  )
  return (
    <Page title="Indicators" sub={sub} actions={actions}>
      {importing && <ImportDialog list={chosen?.own ? chosen : undefined} close={() => setImporting(false)} />}
      {pasting && (
        <PasteDialog
          given={pasting.values}
          lists={lists?.filter((list) => list.own) ?? []}
          into={search.list}
          mayKeep={mayWork}
          sweep={setSwept}
          close={() => setPasting(undefined)}
        />
      )}
      <div className="stack">
        {swept && (
          <SweepResult
            values={swept}
            save={mayWork ? () => setPasting({ values: swept }) : undefined}
            close={() => setSwept(undefined)}
          />
        )}
        <Hits listId={search.list} />
        <div className="indicatorgrid">
          <Lists query={found} chosen={search.list} mayWork={mayWork} choose={(list) => setSearch({ list })} />
          <Values
            listId={search.list}
            query={search.query}
            show={search.show}
            own={mayWork && lists?.find(({ id }) => id === search.list)?.own === true}
            set={(parts) => setSearch(parts, true)}
            total={count(total)}
          />
        </div>
      </div>
    </Page>
  )
}
