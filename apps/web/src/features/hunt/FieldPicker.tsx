import { Button, Popover, TextInput } from '@mantine/core'
import { IconChevronDown, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { useTenant } from '../../lib/tenant.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'

const mostFields = 8

interface FieldPickerProps {
  title: string
  fields: string[]
  choose: (fields: string[]) => void
}

/** Which fields are counted by: one or several together. */
export function FieldPicker({ title, fields, choose }: FieldPickerProps) {
  const [opened, open] = useState(false)
  const names = fields.map((field) => visible(field)).join(', ')
  return (
    <Popover opened={opened} onChange={open} width={300} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className="linkbutton bandbutton trunc row g4"
          aria-label={`${names}: fields of ${title.toLowerCase()}`}
          onClick={() => open(!opened)}
        >
          <span className="trunc">{names}</span>
          <IconChevronDown size={12} aria-hidden style={{ flex: 'none' }} />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={`Fields of ${title.toLowerCase()}`}>
        {opened && <Choice fields={fields} choose={choose} />}
      </Popover.Dropdown>
    </Popover>
  )
}

/** One more field to group by, or one less. */
export function AddField({ fields, choose }: Omit<FieldPickerProps, 'title'>) {
  const [opened, open] = useState(false)
  return (
    <Popover opened={opened} onChange={open} width={300} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="subtle" leftSection={<IconPlus size={15} />} onClick={() => open(!opened)}>
          Add a field
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Fields to group by">
        {opened && <Choice fields={fields} choose={choose} />}
      </Popover.Dropdown>
    </Popover>
  )
}

function Choice({ fields, choose }: Omit<FieldPickerProps, 'title'>) {
  const [text, setText] = useState('')
  const wanted = useDebounced(text)
  const found = trpc.rows.complete.useQuery(
    { query: wanted, at: wanted.length, limit: 30, ...useTenant() },
    { staleTime: 60_000, placeholderData: (old) => old },
  )
  const names = (found.data?.suggestions ?? [])
    .map(({ insert }) => insert)
    .filter((insert) => insert.endsWith(':') && insert !== 'time:')
    .map((insert) => insert.slice(0, -1))
    .filter((name) => !fields.includes(name))
  const line = (name: string, checked: boolean) => (
    <li key={name}>
      <label className="row">
        <input
          type="checkbox"
          checked={checked}
          disabled={checked ? fields.length === 1 : fields.length >= mostFields}
          onChange={() => choose(checked ? fields.filter((field) => field !== name) : [...fields, name])}
        />
        <span className="mono">
          <Evidence text={name} />
        </span>
      </label>
      {!checked && (
        <button
          type="button"
          className="linkbutton"
          aria-label={`Only ${visible(name)}`}
          onClick={() => choose([name])}
        >
          Only
        </button>
      )}
    </li>
  )
  return (
    <div className="colpick">
      <TextInput
        aria-label="Field"
        placeholder="Field"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        classNames={{ input: 'mono' }}
      />
      <ul>
        {fields.map((field) => line(field, true))}
        {names.map((name) => line(name, false))}
      </ul>
      {found.data && names.length === 0 && <p className="meta">No other field has this in its name.</p>}
    </div>
  )
}
