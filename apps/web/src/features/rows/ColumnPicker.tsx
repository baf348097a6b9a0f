import { Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { IconColumns3, IconGripVertical } from '@tabler/icons-react'
import { useState, type KeyboardEvent } from 'react'
import { reordered } from './columns.ts'

interface Column {
  id: string
  name: string
}

interface ColumnPickerProps {
  all: Column[]
  shown: Column[]
  /** The ids to show, in order; undefined: as the page shows them by itself. */
  choose: (ids: string[] | undefined) => void
}

/** Which columns are shown, and in which order: by mouse, or with Alt and the arrows. */
export function ColumnPicker({ all, shown, choose }: ColumnPickerProps) {
  return (
    <Popover width={290} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="subtle" leftSection={<IconColumns3 size={15} />}>
          Columns {shown.length} of {all.length}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Picker all={all} shown={shown} choose={choose} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Picker({ all, shown, choose }: ColumnPickerProps) {
  const [text, setText] = useState('')
  const [dragged, setDragged] = useState<string>()
  const ids = shown.map((column) => column.id)
  const listed = [...shown, ...all.filter((column) => !ids.includes(column.id))].filter((column) =>
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
        {listed.map((column) => (
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
              classNames={{ label: 'mono' }}
            />
          </li>
        ))}
      </ul>
      <div className="row meta">
        <span className="grow">Drag, or Alt and arrows, to order.</span>
        <button type="button" className="linkbutton" onClick={() => choose(undefined)}>
          As sent
        </button>
      </div>
    </div>
  )
}
