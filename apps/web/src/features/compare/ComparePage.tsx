import { Button, SegmentedControl, Select } from '@mantine/core'
import { IconArrowsExchange } from '@tabler/icons-react'
import type { Side } from '@velocicompanion/api/compare/input'
import { useSearch } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useOneTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Differences } from './Differences.tsx'
import { NewValues } from './NewValues.tsx'
import { SidePicker } from './SidePicker.tsx'
import { readSide } from './sides.ts'
import './compare.css'

export function ComparePage() {
  const search = useSearch({ from: '/app/compare' })
  const setSearch = useSetSearch<typeof search>()
  const all = useAllTenants()
  const [left, right] = [readSide(search.left), readSide(search.right)]
  const fresh = { source: undefined, key: undefined, ignore: undefined, at: undefined, show: undefined, by: undefined }
  return (
    <Page
      title="Compare"
      sub="Two collections of a source, the newest of two hosts, or a hunt with its baseline: what was added, what is gone, what changed."
    >
      {all ? (
        <EmptyState title="Choose one tenant">What is compared belongs to one tenant.</EmptyState>
      ) : (
        <>
          <section className="panel comparesides" aria-label="What is compared">
            <div>
              <h2 className="meta">Before, or the baseline</h2>
              <SidePicker
                key={search.left}
                label="Left"
                side={left}
                other={right}
                choose={(side) => setSearch({ ...fresh, left: side })}
              />
            </div>
            <Button
              variant="subtle"
              aria-label="Exchange the sides"
              disabled={!left || !right}
              onClick={() => setSearch({ left: search.right, right: search.left, at: undefined })}
            >
              <IconArrowsExchange size={16} />
            </Button>
            <div>
              <h2 className="meta">After</h2>
              <SidePicker
                key={search.right}
                label="Right"
                side={right}
                other={left}
                choose={(side) => setSearch({ ...fresh, right: side })}
              />
            </div>
          </section>
          {left && right ? (
            <Compared left={left} right={right} />
          ) : (
            <EmptyState title="Choose both sides">
              Sources that both have can be compared, row by row, exactly as they were sent.
            </EmptyState>
          )}
        </>
      )}
    </Page>
  )
}

function Compared({ left, right }: { left: Side; right: Side }) {
  const found = trpc.compare.sources.useQuery({ left, right, ...useOneTenant() })
  return (
    <Loaded query={found}>
      {({ sources }) => {
        const common = sources.filter((source) => source.left > 0 && source.right > 0)
        const alone = sources.length - common.length
        return common.length === 0 ? (
          <EmptyState title="No source in common">
            {`${count(alone)} ${alone === 1 ? 'source stands' : 'sources stand'} on one side only.`}
          </EmptyState>
        ) : (
          <OfSource {...{ left, right, common, alone }} />
        )
      }}
    </Loaded>
  )
}

interface OfSourceProps {
  left: Side
  right: Side
  common: { id: number; name: string; left: number; right: number }[]
  /** Sources that only one side has. */
  alone: number
}

function OfSource({ left, right, common, alone }: OfSourceProps) {
  const search = useSearch({ from: '/app/compare' })
  const setSearch = useSetSearch<typeof search>()
  const source = common.find(({ id }) => id === search.source) ?? common[0]!
  const by = search.by ?? (left.kind === 'hunt' && right.kind === 'hunt' ? 'values' : 'rows')
  const of = { left, right, sourceId: source.id }
  return (
    <section className="panel" aria-label="Comparison">
      <div className="filterbar">
        <Select
          aria-label="Source"
          searchable
          allowDeselect={false}
          w={380}
          data={common.map((one) => ({
            value: String(one.id),
            label: `${visible(one.name)} · ${count(one.left)} and ${count(one.right)} rows`,
          }))}
          value={String(source.id)}
          onChange={(id) => setSearch({ source: Number(id), key: undefined, ignore: undefined, at: undefined })}
        />
        <SegmentedControl
          aria-label="What is compared"
          value={by}
          data={[
            { value: 'rows', label: 'Rows' },
            { value: 'values', label: 'New values' },
          ]}
          onChange={(value) => setSearch({ by: value as 'rows' | 'values', at: undefined, key: undefined })}
        />
        {alone > 0 && <span className="meta">{`${count(alone)} more on one side only`}</span>}
      </div>
      {by === 'rows' ? <Differences of={of} /> : <NewValues of={of} />}
    </section>
  )
}
