import { Button, SegmentedControl } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Paged } from '../../ui/Paged.tsx'
import { Page } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { Tag } from '../../ui/Tag.tsx'
import { Mono } from '../../ui/Value.tsx'
import { NextToken } from '../tokens/NextToken.tsx'
import { CollectionTable } from './CollectionTable.tsx'

export function CollectionsPage() {
  const search = useSearch({ from: '/app/collections' })
  const setSearch = useSetSearch<typeof search>()
  const { hostId, clientId, flowId, huntId, incomplete } = search
  const filter = {
    ...(hostId && { hostId }),
    ...(clientId && { clientId }),
    ...(flowId && { flowId }),
    ...(huntId && { huntId }),
    ...(incomplete !== undefined && { incomplete }),
  }
  const found = trpc.collections.list.useInfiniteQuery(
    { ...useTenant(), ...filter, limit: 100 },
    { getNextPageParam: (last) => last.nextCursor, placeholderData: (old) => old },
  )
  const filtered = Object.keys(filter).length > 0
  const clear = () =>
    setSearch({ hostId: undefined, clientId: undefined, flowId: undefined, huntId: undefined, incomplete: undefined })
  return (
    <Page title="Collections" sub={found.data && plural(found.data.pages[0]!.total, 'collection')}>
      <section className="panel" aria-label="Collections">
        <div className="filterbar">
          <SearchBox label="Whole flow id" value={flowId} onSearch={(text) => setSearch({ flowId: text }, true)} />
          <SegmentedControl
            aria-label="Which collections"
            value={incomplete ? 'incomplete' : 'all'}
            data={[
              { value: 'all', label: 'All' },
              { value: 'incomplete', label: 'Incomplete' },
            ]}
            onChange={(value) => setSearch({ incomplete: value === 'incomplete' || undefined })}
          />
          {hostId && <Tag tone="acc">host {hostId}</Tag>}
          {[clientId, huntId].map(
            (value) =>
              value && (
                <Tag key={value} tone="acc">
                  <Mono value={value} />
                </Tag>
              ),
          )}
          {filtered && (
            <Button variant="subtle" onClick={clear}>
              Clear the filter
            </Button>
          )}
        </div>
        <Paged
          query={found}
          empty={
            filtered ? (
              <EmptyState title="No collection matches">Clear the filter to see all collections.</EmptyState>
            ) : (
              <EmptyState title="No collection yet" action={<NextToken />}>
                Collections appear with the first delivery.
              </EmptyState>
            )
          }
        >
          {(rows) => <CollectionTable rows={rows} withHost />}
        </Paged>
      </section>
    </Page>
  )
}
