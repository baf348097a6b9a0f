import { Button, Modal, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { fillParameters, parametersOf } from '@velocicompanion/api/searches/input'
import type { SyntheticEvent } from 'react'
import { store } from '../../lib/store.ts'
import { visible } from '../../ui/evidence.tsx'
import { stateOf, type HuntState, type SavedSearch } from './state.ts'

const asked = store<SavedSearch | undefined>(undefined)

/** What of the address a saved search sets, the rest of it gone. */
const nothing = { row: undefined, around: undefined, span: undefined, tab: undefined }

/** Opens a saved search on the hunt screen; what its parameters stand for is asked first. */
export function useAskFor() {
  const go = useGo()
  return (saved: SavedSearch, replace = false) => {
    if (parametersOf(saved.query).length === 0) go(stateOf(saved), replace)
    else asked.set(saved)
  }
}

function useGo() {
  const navigate = useNavigate()
  return (state: HuntState, replace = false) =>
    void navigate({ to: '/hunt', search: { ...nothing, ...state } as never, replace })
}

/** The dialog that asks for a search's parameters, while one is asked for. */
export function AskParameters() {
  const saved = asked.use()
  return saved ? <Ask key={saved.id} saved={saved} /> : null
}

function Ask({ saved }: { saved: SavedSearch }) {
  const go = useGo()
  const close = () => asked.set(undefined)
  const names = parametersOf(saved.query)
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const values = Object.fromEntries(names.map((name) => [name, textOf(data.get(name))]))
    close()
    go(stateOf(saved, fillParameters(saved.query, values)))
  }
  return (
    <Modal opened onClose={close} title={saved.name}>
      <form className="col g12" onSubmit={submit}>
        {saved.description && <p className="t2">{saved.description}</p>}
        <p className="mono meta">{visible(saved.query)}</p>
        {names.map((name, i) => (
          <TextInput
            key={name}
            name={name}
            label={name}
            description={
              i === 0 ? 'A whole value, as it stands in the rows. Every sign in it is looked for as it is.' : undefined
            }
            required
            data-autofocus={i === 0 || undefined}
            classNames={{ input: 'mono' }}
            spellCheck={false}
            autoComplete="off"
          />
        ))}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit">Run</Button>
        </div>
      </form>
    </Modal>
  )
}

const textOf = (value: FormDataEntryValue | null) => (typeof value === 'string' ? value : '')
