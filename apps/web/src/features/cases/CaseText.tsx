import { Button, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { problemData, reasonOf } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { ErrorState } from '../../ui/states.tsx'
import type { Case } from './CasePage.tsx'
import { Conflict, type Theirs } from './Conflict.tsx'
import { joined } from './differing.ts'
import { keepDraft, readDraft, type Draft } from './draft.ts'

/** Title and text. What is being written is kept in the browser until it is saved or given up. */
export function CaseText({ item, mayWork }: { item: Case; mayWork: boolean }) {
  const { draft, begin, write, drop, save, saving, error, theirs, merge } = useDraft(item, mayWork)
  if (!draft) {
    const edit = mayWork && (
      <Button variant="subtle" onClick={begin}>
        Edit
      </Button>
    )
    return (
      <Panel title="Description" actions={edit} pad>
        {item.description === '' ? (
          <span className="t3">Nothing written yet.</span>
        ) : (
          <div className="md" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {item.description.split('\n').map((line, i) => (
              <div key={i}>{line === '' ? '\u00a0' : <Evidence text={line} />}</div>
            ))}
          </div>
        )}
      </Panel>
    )
  }
  return (
    <div>
      {theirs && (
        <Conflict
          theirs={theirs}
          mine={draft}
          busy={saving}
          onTheirs={drop}
          onMine={() => save({ ...draft, version: theirs.version })}
          onMerge={merge}
        />
      )}
      <Panel title="Description" count={`from version ${draft.version}, kept in this browser`} pad>
        <form
          className="col g12"
          onSubmit={(event) => {
            event.preventDefault()
            save(draft)
          }}
        >
          <TextInput
            label="Title"
            required
            maxLength={300}
            value={draft.title}
            onChange={(e) => write({ title: e.currentTarget.value })}
          />
          <Textarea
            label="Text"
            autosize
            minRows={8}
            data-autofocus
            value={draft.description}
            onChange={(e) => write({ description: e.currentTarget.value })}
          />
          {error && <ErrorState error={error} />}
          <div className="row">
            <Button type="submit" loading={saving} disabled={theirs !== undefined}>
              Save
            </Button>
            <Button variant="default" onClick={drop} disabled={saving}>
              Discard the draft
            </Button>
          </div>
        </form>
      </Panel>
    </div>
  )
}

function useDraft(item: Case, mayWork: boolean) {
  const [draft, setDraft] = useState<Draft | undefined>(() => (mayWork ? readDraft(item.tenantId, item.id) : undefined))
  const [theirs, setTheirs] = useState<Theirs>()
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const set = (next: Draft | undefined) => {
    setDraft(next)
    keepDraft(item.tenantId, item.id, next)
  }
  const update = trpc.cases.update.useMutation({
    onSuccess: async () => {
      await utils.cases.invalidate()
      setTheirs(undefined)
      set(undefined)
    },
    onError: (failure) => {
      if (reasonOf(failure) === 'stale') setTheirs(problemData(failure).detail?.['theirs'] as Theirs)
      void utils.cases.invalidate()
    },
  })
  const now = () => new Date().toISOString()
  return {
    draft,
    theirs,
    saving: update.isPending,
    error: theirs ? undefined : update.error,
    begin: () => set({ title: item.title, description: item.description, version: item.version, at: now() }),
    write: (patch: Partial<Draft>) => draft && set({ ...draft, ...patch, at: now() }),
    save: ({ title, description, version }: Draft) =>
      update.mutate({ id: item.id, version, title, description, ...tenant }),
    drop: () => {
      setTheirs(undefined)
      update.reset()
      set(undefined)
    },
    merge: () => {
      if (!draft || !theirs) return
      const description = joined(theirs.description, draft.description)
      set({ ...draft, description, version: theirs.version, at: now() })
      setTheirs(undefined)
      update.reset()
    },
  }
}
