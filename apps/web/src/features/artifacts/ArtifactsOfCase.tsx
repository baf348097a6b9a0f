import { Button, Select, TextInput } from '@mantine/core'
import type { ArtifactType } from '@velocicompanion/api/artifacts/input'
import { useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { Promote } from './Promote.tsx'
import { ArtifactTable, type Artifact } from './ArtifactTable.tsx'
import { typeOptions } from './words.ts'

export function ArtifactsOfCase({ caseId }: { caseId: number }) {
  const mayWork = useMay('artifact:work')
  const found = trpc.artifacts.list.useInfiniteQuery(
    { caseId, limit: 100, ...useOneTenant() },
    { getNextPageParam: (last) => last.nextCursor },
  )
  const remove = useRemove()
  const mayList = useMay('indicator:work')
  const [promoted, promote] = useState<Artifact[]>()
  const shown = found.data?.pages.flatMap(({ rows }) => rows) ?? []
  const actions = (row: Artifact) => (
    <span className="row g4">
      {mayList && (
        <Button variant="subtle" aria-label={`To a list… ${row.value}`} onClick={() => promote([row])}>
          To a list…
        </Button>
      )}
      <Button variant="subtle" onClick={() => remove(row)}>
        Remove
      </Button>
    </span>
  )
  return (
    <Panel
      title="Artifacts"
      count={found.data && count(found.data.pages[0]!.total)}
      actions={
        mayList &&
        shown.length > 1 && (
          <Button variant="subtle" onClick={() => promote(shown)}>
            Put {count(shown.length)} on an indicator list…
          </Button>
        )
      }
    >
      {promoted && <Promote artifacts={promoted} close={() => promote(undefined)} />}
      {mayWork && <AddArtifact caseId={caseId} />}
      <Paged
        query={found}
        empty={<EmptyState title="No artifact yet">Hashes, addresses and names of this case stand here.</EmptyState>}
      >
        {(rows) => <ArtifactTable rows={rows} actions={mayWork ? actions : undefined} />}
      </Paged>
    </Panel>
  )
}

function useRemove() {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const done = () => Promise.all([utils.artifacts.invalidate(), utils.cases.list.invalidate()])
  const create = trpc.artifacts.create.useMutation({ onSettled: done })
  const remove = trpc.artifacts.delete.useMutation({ onSettled: done })
  return ({ id, caseId, artifactType, value, description }: Artifact) =>
    remove.mutate(
      { id, ...tenant },
      {
        onSuccess: () =>
          toast({
            text: 'Removed the artifact.',
            undo: () =>
              create.mutate({ caseId, artifactType: artifactType as ArtifactType, value, description, ...tenant }),
          }),
        onError: (error) => toast({ text: `The artifact is not removed. ${sentence(error)}` }),
      },
    )
}

function AddArtifact({ caseId }: { caseId: number }) {
  const [artifactType, setType] = useState<ArtifactType>('sha256')
  const [value, setValue] = useState('')
  const [description, setDescription] = useState('')
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const create = trpc.artifacts.create.useMutation({
    onSuccess: async () => {
      setValue('')
      setDescription('')
      await utils.artifacts.invalidate()
    },
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    create.mutate({ caseId, artifactType, value, description, ...tenant })
  }
  return (
    <>
      <form className="filterbar" onSubmit={submit} aria-label="Add an artifact">
        <Select
          aria-label="Type"
          data={typeOptions}
          value={artifactType}
          allowDeselect={false}
          onChange={(next) => next && setType(next)}
          style={{ width: 140 }}
        />
        <TextInput
          aria-label="Value"
          placeholder="Value, kept as given"
          required
          value={value}
          onChange={(e) => setValue(e.currentTarget.value)}
          style={{ flex: 1 }}
        />
        <TextInput
          aria-label="Description"
          placeholder="Description"
          value={description}
          onChange={(e) => setDescription(e.currentTarget.value)}
          style={{ flex: 1 }}
        />
        <Button type="submit" variant="default" loading={create.isPending}>
          Add artifact
        </Button>
      </form>
      {create.error && <ErrorState error={create.error} />}
    </>
  )
}
