import { Button, Popover, TextInput } from '@mantine/core'
import { IconBookmark, IconChevronDown, IconPin, IconPinFilled, IconTrash } from '@tabler/icons-react'
import { useState, type KeyboardEvent } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { sentence } from '../../lib/problem.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { Act } from '../../ui/Act.tsx'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { toast } from '../../ui/toast.tsx'
import { parametersOf } from '@velocicompanion/api/searches/input'
import { useAskFor } from './parameters.tsx'
import { useSetHuntState, type SavedSearch } from './state.ts'
import { useMayChange } from './useMayChange.ts'
import './searches.css'

/** Saved searches, left of the query: one's own, those that are shared, and those that are built in. */
export function ViewsMenu() {
  const [opened, open] = useState(false)
  return (
    <Popover opened={opened} onChange={open} width={520} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          h={30}
          leftSection={<IconBookmark size={15} />}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => open(!opened)}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>{opened && <Menu close={() => open(false)} />}</Popover.Dropdown>
    </Popover>
  )
}

type Listed = Outputs['searches']['list']['rows'][number]

function Menu({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const query = useDebounced(text.trim(), 150)
  const found = trpc.searches.list.useInfiniteQuery(
    { limit: 100, ...(query && { query }) },
    { getNextPageParam: (page) => page.nextCursor, placeholderData: (old) => old },
  )
  const saved = found.data?.pages.flatMap((page) => page.rows) ?? []
  const groups = [
    { name: 'Your own', searches: saved.filter(({ mine }) => mine) },
    { name: 'Shared in the tenant', searches: saved.filter(({ mine }) => !mine) },
    { name: 'Built in', searches: found.data?.pages[0]?.builtIn ?? [] },
  ].filter(({ searches }) => searches.length > 0)
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- arrows move between the buttons inside
    <div className="views" onKeyDown={moveFocus}>
      <header>
        <TextInput
          aria-label="Find a saved search"
          placeholder="Find a saved search"
          value={text}
          data-autofocus
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </header>
      <div className="found">
        <Loaded query={found}>
          {() =>
            groups.length === 0 ? (
              <p className="pad t2">No saved search has this in its name, text or query.</p>
            ) : (
              groups.map(({ name, searches }) => (
                <section key={name} aria-label={name}>
                  <h3 className="grp">{name}</h3>
                  <ul className="plain">
                    {searches.map((one) => (
                      <Saved key={one.id} saved={one} close={close} />
                    ))}
                  </ul>
                </section>
              ))
            )
          }
        </Loaded>
        {found.hasNextPage && (
          <Button variant="subtle" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Show more
          </Button>
        )}
      </div>
    </div>
  )
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('input, [data-entry]')]
  const at = entries.indexOf(document.activeElement as HTMLElement)
  entries[Math.max(0, Math.min(entries.length - 1, at + step))]?.focus()
  event.preventDefault()
}

function Saved({ saved, close }: { saved: Listed | SavedSearch; close: () => void }) {
  const ask = useAskFor()
  const asks = parametersOf(saved.query)
  const who = saved.mine || saved.builtIn ? undefined : (saved.owner ?? 'another tenant’s user')
  const says = [
    asks.length > 0 && `asks for ${asks.join(', ')}`,
    who && `by ${who}`,
    saved.mine && saved.shared && 'shared',
  ]
  return (
    <li>
      <button
        type="button"
        data-entry
        className="entry grow"
        title={saved.description || visible(saved.query)}
        onClick={() => {
          close()
          ask(saved)
        }}
      >
        <span className="row g8">
          <b className="b">{saved.name}</b>
          <span className="meta">{says.filter(Boolean).join(' · ')}</span>
        </span>
        <span className="mono meta trunc">{visible(saved.query) || 'all rows'}</span>
      </button>
      <Pin saved={saved} />
      <Delete saved={saved} />
    </li>
  )
}

function Pin({ saved }: { saved: SavedSearch }) {
  const utils = trpc.useUtils()
  const pin = trpc.searches.pin.useMutation({
    onSuccess: () => utils.searches.invalidate(),
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <Act
      label={`${saved.pinned ? 'Take off' : 'Pin on'} the home page: ${saved.name}`}
      size={24}
      icon={saved.pinned ? <IconPinFilled size={15} /> : <IconPin size={15} />}
      onClick={() => pin.mutate({ id: saved.id, pinned: !saved.pinned })}
    />
  )
}

function Delete({ saved }: { saved: SavedSearch }) {
  const mayChange = useMayChange()
  const utils = trpc.useUtils()
  const setState = useSetHuntState()
  const restore = trpc.searches.restore.useMutation({ onSuccess: () => utils.searches.invalidate() })
  const remove = trpc.searches.delete.useMutation({
    onSuccess: async () => {
      await utils.searches.invalidate()
      setState({ search: undefined }, true)
      toast({ text: `Deleted “${saved.name}”`, undo: () => restore.mutate({ id: saved.id }) })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  if (!mayChange(saved)) return null
  return (
    <Act
      label={`Delete ${saved.name}`}
      size={24}
      icon={<IconTrash size={15} />}
      disabled={remove.isPending}
      onClick={() => remove.mutate({ id: saved.id, version: saved.version })}
    />
  )
}
