import { Button, Checkbox, Modal, Textarea, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { toast } from '../../ui/toast.tsx'
import { rangeWords, savedOf, useSetHuntState, type HuntState, type SavedSearch } from './state.ts'
import { useMayChange } from './useMayChange.ts'

interface DialogProps {
  state: HuntState
  /** The saved search that is open. */
  saved: SavedSearch | undefined
  close: () => void
}

/** Keeps what is on the screen under a name, or over the open search. */
export function SaveDialog({ state, saved, close }: DialogProps) {
  const mayShare = useMay('search:share')
  const mayChange = useMayChange()
  const over = saved !== undefined && mayChange(saved)
  const { range, query, ...view } = savedOf(state)
  const [error, setError] = useState<string>()
  const setState = useSetHuntState()
  const utils = trpc.useUtils()
  const done = {
    onSuccess: async (made: SavedSearch) => {
      await utils.searches.invalidate()
      close()
      setState({ search: made.id }, true)
      toast({ text: `Saved “${made.name}”` })
    },
    onError: (failure: unknown) => setError(sentence(failure)),
  }
  const create = trpc.searches.create.useMutation(done)
  const update = trpc.searches.update.useMutation(done)
  const submit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const text = (name: string) => {
      const value = data.get(name)
      return typeof value === 'string' ? value : ''
    }
    const parts = { ...view, name: text('name'), description: text('description'), query: text('query') }
    const shared = data.get('shared') === 'on'
    const isOver = event.nativeEvent.submitter?.getAttribute('value') === 'over'
    if (isOver && saved) update.mutate({ ...parts, id: saved.id, version: saved.version, range, shared })
    else create.mutate({ ...parts, ...range, shared })
  }
  const busy = create.isPending || update.isPending
  return (
    <Modal opened onClose={close} title={over ? 'Save the search' : 'Save a search'} size="lg">
      <form className="col g12" onSubmit={submit}>
        <TextInput
          name="name"
          label="Name"
          required
          maxLength={120}
          defaultValue={over ? saved.name : ''}
          data-autofocus
        />
        <TextInput name="description" label="What it is for" maxLength={2000} defaultValue={saved?.description ?? ''} />
        <Textarea
          name="query"
          label="Query"
          description="Write {{host}} where a whole value is to be asked for when the search is run."
          defaultValue={over && saved.query.includes('{{') ? saved.query : query}
          autosize
          minRows={2}
          maxRows={6}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
        <p className="meta">Kept with it: the time range ({rangeWords(state)}), the view, the columns and the order.</p>
        {mayShare && (
          <Checkbox name="shared" label="Share it with everyone in the tenant" defaultChecked={over && saved.shared} />
        )}
        {error && (
          <div className="note bad" role="alert">
            {error}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close} disabled={busy}>
            Cancel
          </Button>
          {over && (
            <Button variant="default" type="submit" value="new" loading={create.isPending}>
              Save as new
            </Button>
          )}
          <Button type="submit" value={over ? 'over' : 'new'} loading={busy}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}
