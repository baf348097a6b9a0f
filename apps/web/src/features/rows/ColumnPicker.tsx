import { Button, Checkbox, Popover, Switch, TextInput } from '@mantine/core'
import { IconColumns3, IconGripVertical, IconPin, IconPinFilled } from '@tabler/icons-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import { count } from '../../lib/format.ts'
import { type GridColumn, reordered } from './columns.ts'

export interface ColumnPickerProps<T> {
  all: GridColumn<T>[]
  shown: GridColumn<T>[]
  rows: T[]
  /** The ids to show, in order; undefined: as the page shows them by itself. */
  choose: (ids: string[] | undefined) => void
  pinned: string[]
  pin: (id: string) => void
  wrap: boolean
  setWrap: (wrap: boolean) => void
}

/** Which columns are shown, in which order, which stay when the others scroll: by mouse, or with Alt and the arrows. */
export function ColumnPicker<T>(props: ColumnPickerProps<T>) {
  const { all, shown } = props
  return (
    <Popover width={320} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="subtle" leftSection={<IconColumns3 size={15} />}>
          Columns {shown.length} of {all.length}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Picker {...props} />
      </Popover.Dropdown>
    </Popover>
  )
}

/** Of so many rows it is told how many have a field. */
const counted = 1000
const mostListed = 200

function useHaving<T>(all: GridColumn<T>[], rows: T[]) {
  return useMemo(() => {
    const some = rows.slice(0, counted)
    const having = all.map(({ id, has }) => [id, has ? some.filter(has).length : undefined] as const)
    return { of: some.length, by: new Map(having) }
  }, [all, rows])
}

function Picker<T>({ all, shown, rows, choose, pinned, pin, wrap, setWrap }: ColumnPickerProps<T>) {
  const [text, setText] = useState('')
  const [dragged, setDragged] = useState<string>()
  const having = useHaving(all, rows)
  const ids = shown.map((column) => column.id)
  const found = [...shown, ...all.filter((column) => !ids.includes(column.id))].filter((column) =>
    column.name.toLowerCase().includes(text.toLowerCase()),
  )
  const toggle = (id: string) => {
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]
    if (next.length > 0) choose(next)
  }
  const onKeyDown = (event: KeyboardEvent, id: string) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const onto = step && event.altKey && ids[ids.indexOf(id) + step]
    if (!onto || !ids.includes(id)) return
    event.preventDefault()
    choose(reordered(ids, id, onto))
  }
  return (
    <div className="colpick">
      <TextInput
        aria-label="Find a column"
        placeholder="Find a column"
        data-autofocus
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <ul>
        {found.slice(0, mostListed).map((column) => (
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the mouse drags the line; the checkbox in it hears the keys
          <li
            key={column.id}
            draggable={ids.includes(column.id)}
            onDragStart={() => setDragged(column.id)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={() => dragged && choose(reordered(ids, dragged, column.id))}
          >
            <IconGripVertical size={14} aria-hidden className="t3" />
            <Checkbox
              label={column.name}
              checked={ids.includes(column.id)}
              onChange={() => toggle(column.id)}
              onKeyDown={(event) => onKeyDown(event, column.id)}
              classNames={{ root: 'grow', label: 'mono' }}
            />
            <Having n={having.by.get(column.id)} of={having.of} />
            {ids.includes(column.id) && (
              <PinButton name={column.name} isPinned={pinned.includes(column.id)} pin={() => pin(column.id)} />
            )}
          </li>
        ))}
      </ul>
      {found.length > mostListed && (
        <p className="meta">{count(found.length - mostListed)} more: write a part of the name.</p>
      )}
      {found.length === 0 && <p className="meta">No column has this in its name.</p>}
      <div className="row meta">
        <span className="grow">Drag, or Alt and arrows, to order.</span>
        <button type="button" className="linkbutton" onClick={() => choose(undefined)}>
          Start anew
        </button>
      </div>
      <Switch
        size="xs"
        mt={8}
        label="Wrap long values"
        checked={wrap}
        onChange={(event) => setWrap(event.currentTarget.checked)}
      />
    </div>
  )
}

const Having = ({ n, of }: { n: number | undefined; of: number }) =>
  n === undefined ? null : (
    <span className="meta nowrap" title={`${count(n)} of the first ${count(of)} rows have it`}>
      {n === of ? 'all' : `${count(n)} of ${count(of)}`}
    </span>
  )

interface PinButtonProps {
  name: string
  isPinned: boolean
  pin: () => void
}

const PinButton = ({ name, isPinned, pin }: PinButtonProps) => (
  <button
    type="button"
    className="iconbtn"
    aria-pressed={isPinned}
    aria-label={`Pin ${name}`}
    title={isPinned ? 'Let it scroll' : 'Keep it in sight'}
    onClick={pin}
  >
    {isPinned ? <IconPinFilled size={14} /> : <IconPin size={14} />}
  </button>
)
