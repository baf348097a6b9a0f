import { Button, Select } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Paged } from '../../ui/Paged.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { ArtifactTable } from './ArtifactTable.tsx'
import { typeOptions } from './words.ts'

export function ArtifactsPage() {
  const search = useSearch({ from: '/app/artifacts' })
  const setSearch = useSetSearch<typeof search>()
  const { query, type } = search
  const found = trpc.artifacts.list.useInfiniteQuery(
    { ...useTenant(), ...(query && { query }), ...(type && { artifactType: type }), limit: 100 },
    { getNextPageParam: (last) => last.nextCursor, placeholderData: (old) => old },
  )
  return (
    <Page title="Artifacts" sub={found.data && plural(found.data.pages[0]!.total, 'artifact')}>
      <section className="panel" aria-label="Artifacts">
        <div className="filterbar">
          <SearchBox label="Part of a value" value={query} onSearch={(text) => setSearch({ query: text }, true)} />
          <Select
            aria-label="Type"
            placeholder="Any type"
            clearable
            data={typeOptions}
            value={type ?? null}
            onChange={(value) => setSearch({ type: value ?? undefined })}
          />
          {(query || type) && (
            <Button variant="subtle" onClick={() => setSearch({ query: undefined, type: undefined })}>
              Clear the filter
            </Button>
          )}
        </div>
        <Paged
          query={found}
          empty={
            query || type ? (
              <EmptyState title="No artifact matches">Values and descriptions were searched.</EmptyState>
            ) : (
              <EmptyState
                title="No artifact yet"
                action={
                  <Link className="link" to="/cases">
                    Show cases
                  </Link>
                }
              >
                Artifacts are added on the page of a case.
              </EmptyState>
            )
          }
        >
          {(rows) => <ArtifactTable rows={rows} withCase />}
        </Paged>
      </section>
    </Page>
  )
}
