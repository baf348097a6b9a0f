import { ActionIcon, Button, Popover, TextInput } from '@mantine/core'
import { IconHistory, IconNote } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useState, type KeyboardEvent, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Act } from '../../ui/Act.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { visible } from '../../ui/evidence.tsx'
import { enter, openEntry } from './remember.ts'
import { rangeWords } from './state.ts'
import { linesOf, treeOf, type Entry, type Line } from './tree.ts'
import './searches.css'

/** The clock in the query bar: what one asked, as a tree that can be annotated and returned to. */
export function History() {
  const [opened, open] = useState(false)
  return (
    <Popover opened={opened} onChange={open} width={560} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon size={24} aria-label="History" title="History" onClick={() => open(!opened)}>
          <IconHistory size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0}>{opened && <Panel close={() => open(false)} />}</Popover.Dropdown>
    </Popover>
  )
}

function Panel({ close }: { close: () => void }) {
  const found = trpc.searches.history.useInfiniteQuery(
    { limit: 200 },
    { getNextPageParam: (page) => page.nextCursor, staleTime: 0 },
  )
  const lines = linesOf(treeOf(found.data?.pages.flatMap(({ rows }) => rows) ?? []))
  const most = found.data?.pages[0]?.most
  return (
    <div className="history">
      <header className="row">
        <h2 className="h3 grow">History</h2>
        <span className="meta">
          {plural(lines.length, 'query', 'queries')} shown{most && `; the last ${count(most)} are kept`}
        </span>
      </header>
      <Loaded query={found}>
        {() =>
          lines.length === 0 ? (
            <EmptyState title="Nothing asked yet">Each query that you run is kept here, for you alone.</EmptyState>
          ) : (
            <Lines lines={lines} close={close} />
          )
        }
      </Loaded>
      {found.hasNextPage && (
        <Button variant="subtle" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show older
        </Button>
      )}
    </div>
  )
}

function Lines({ lines, close }: { lines: Line[]; close: () => void }) {
  const [noting, note] = useState<number>()
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key]
    if (step === undefined || event.target instanceof HTMLInputElement) return
    const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-entry]')]
    const at = entries.indexOf(document.activeElement as HTMLElement)
    entries[Math.max(0, Math.min(entries.length - 1, at + step))]?.focus()
    event.preventDefault()
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrows move between the buttons inside
    <ul className="lines" onKeyDown={onKeyDown}>
      {lines.map((line, i) => (
        <EntryLine
          key={line.entry.id}
          {...line}
          isFirst={i === 0}
          isNoting={noting === line.entry.id}
          note={note}
          close={close}
        />
      ))}
    </ul>
  )
}

interface LineProps extends Line {
  isFirst: boolean
  isNoting: boolean
  note: (id: number | undefined) => void
  close: () => void
}

function EntryLine({ entry, depth, isFirst, isNoting, note, close }: LineProps) {
  const goBack = useGoBack(close)
  const isOpen = openEntry.use() === entry.id
  const { nameOf } = useTenantNames()
  const where =
    entry.across === null ? undefined : entry.across === 'all' ? 'all tenants' : nameOf(Number(entry.across))
  const range = { from: entry.timeFrom ?? undefined, to: entry.timeTo ?? undefined }
  return (
    <li style={{ paddingLeft: 14 + depth * 16 }} className={isOpen ? 'open' : undefined}>
      {depth > 0 && <span className="twig" aria-hidden style={{ left: 6 + depth * 16 }} />}
      <div className="row">
        <button
          type="button"
          data-entry
          data-autofocus={isFirst || undefined}
          className="entry grow"
          aria-current={isOpen || undefined}
          onClick={() => goBack(entry)}
        >
          <span className="mono trunc" title={visible(entry.query)}>
            {entry.query === '' ? 'all rows' : visible(entry.query)}
          </span>
          <span className="meta">
            {[
              `${entry.rowsExact ? '' : 'at least '}${plural(entry.rows, 'row')}`,
              rangeWords(range),
              where,
              entry.runs > 1 && `asked ${count(entry.runs)} times`,
            ]
              .filter(Boolean)
              .join(' · ')}
            {' · '}
            <Time at={entry.askedAt} />
          </span>
          {entry.note && !isNoting && <span className="noted">{entry.note}</span>}
        </button>
        <Act
          label={entry.note ? 'Change the note' : 'Write a note'}
          size={24}
          icon={<IconNote size={15} />}
          onClick={() => note(isNoting ? undefined : entry.id)}
        />
      </div>
      {isNoting && <NoteForm entry={entry} done={() => note(undefined)} />}
    </li>
  )
}

function useGoBack(close: () => void) {
  const navigate = useNavigate()
  return (entry: Entry) => {
    const across = entry.across === null ? undefined : entry.across === 'all' ? 'all' : Number(entry.across)
    const range = { from: entry.timeFrom ?? undefined, to: entry.timeTo ?? undefined }
    enter(entry.id, { query: entry.query, ...range }, across)
    close()
    void navigate({ to: '/hunt', search: { query: entry.query || undefined, ...range, tenant: across } })
  }
}

const focus = (field: HTMLInputElement | null) => field?.focus()

function NoteForm({ entry, done }: { entry: Entry; done: () => void }) {
  const utils = trpc.useUtils()
  const annotate = trpc.searches.annotate.useMutation({
    onSuccess: async () => {
      await utils.searches.history.invalidate()
      done()
    },
  })
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    // Not to a form around the panel.
    event.stopPropagation()
    const note = new FormData(event.currentTarget).get('note')
    annotate.mutate({ id: entry.id, note: typeof note === 'string' ? note : '' })
  }
  return (
    <form className="row g8 noteform" onSubmit={submit}>
      <TextInput
        name="note"
        aria-label="Note"
        defaultValue={entry.note}
        maxLength={2000}
        ref={focus}
        className="grow"
        error={annotate.error?.message}
      />
      <Button type="submit" variant="default" loading={annotate.isPending}>
        Keep note
      </Button>
    </form>
  )
}
