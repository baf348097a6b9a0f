import { Button, Menu } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { trpc } from '../../api.ts'
import { useKeys } from '../../lib/keys.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { crumbSide } from '../../ui/crumbs.ts'
import { copyText } from '../../ui/Copy.tsx'
import { toast } from '../../ui/toast.tsx'
import { parametersOf } from '@velocicompanion/api/searches/input'
import { AskParameters, useAskFor } from './parameters.tsx'
import { SaveDialog } from './SaveDialog.tsx'
import { isEdited, savedOf, useHuntState, type SavedSearch } from './state.ts'
import { useMayChange } from './useMayChange.ts'

/** Behind the crumbs: which saved search this is, whether it is edited, Save (Ctrl+S) and Share. */
export function SaveBar() {
  const state = useHuntState()
  const { search: id } = state
  const found = trpc.searches.get.useQuery({ id: id ?? 0 }, { enabled: id !== undefined, retry: false })
  const saved = id === undefined ? undefined : found.data
  useOpened(saved)
  const mayChange = useMayChange()
  const [dialog, setDialog] = useState(false)
  const update = useUpdate()
  const edited = saved !== undefined && isEdited(state, saved)
  const inPlace = saved !== undefined && edited && mayChange(saved) && parametersOf(saved.query).length === 0
  const save = () =>
    inPlace ? update.mutate({ id: saved.id, version: saved.version, ...savedOf(state) }) : setDialog(true)
  useKeys('Query', [{ keys: 'ctrl+s', label: 'Save the search', run: save }])
  const place = crumbSide.use()
  if (!place) return null
  const bar = (
    <>
      {saved && (
        <>
          <span className="sep" aria-hidden>
            /
          </span>
          <b className="trunc">{saved.name}</b>
          {edited && <span className="edited">edited</span>}
        </>
      )}
      {(!saved || edited) && (
        <Button variant="subtle" size="compact-sm" loading={update.isPending} onClick={save}>
          {inPlace ? 'Save' : 'Save…'}
        </Button>
      )}
      <Share saved={saved} />
    </>
  )
  return (
    <>
      {createPortal(bar, place)}
      <AskParameters />
      {dialog && <SaveDialog state={state} saved={saved} close={() => setDialog(false)} />}
    </>
  )
}

/** A link with nothing but a saved search opens it, asking for its parameters. */
function useOpened(saved: SavedSearch | undefined) {
  const ask = useAskFor()
  const { query } = useHuntState()
  const opened = useRef<number>(undefined)
  useEffect(() => {
    if (!saved || query !== undefined || saved.query === '' || opened.current === saved.id) return
    opened.current = saved.id
    ask(saved, true)
  })
}

function useUpdate() {
  const utils = trpc.useUtils()
  return trpc.searches.update.useMutation({
    onSuccess: async (saved) => {
      await utils.searches.invalidate()
      toast({ text: `Saved “${saved.name}”` })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
}

function Share({ saved }: { saved: SavedSearch | undefined }) {
  const update = useUpdate()
  const mayShare = useMay('search:share')
  const copy = () => {
    void copyText(location.href)
    toast({ text: 'Copied the link to what you see' })
  }
  const turn = saved?.mine && mayShare
  return (
    <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="subtle" size="compact-sm">
          Share
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={copy}>Copy the link</Menu.Item>
        {turn && (
          <Menu.Item onClick={() => update.mutate({ id: saved.id, version: saved.version, shared: !saved.shared })}>
            {saved.shared ? 'Keep it to yourself' : 'Share it in the tenant'}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
