import { Button, Popover, TextInput } from '@mantine/core'
import { IconChevronDown, IconClock } from '@tabler/icons-react'
import { useState, type SyntheticEvent } from 'react'
import { presets, rangeWords, readTyped, typed, type Range } from './times.ts'

interface TimeRangeProps {
  range: Range
  choose: (range: Range) => void
}

/** Which event times are looked at: the last so many, or exactly from one to another. */
export function TimeRange({ range, choose }: TimeRangeProps) {
  const [opened, open] = useState(false)
  const words = rangeWords(range)
  const take = (next: Range) => {
    open(false)
    choose(next)
  }
  return (
    <Popover opened={opened} onChange={open} width={320} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          h={30}
          leftSection={<IconClock size={15} />}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => open(!opened)}
        >
          {words}&nbsp;<span className="meta">UTC</span>
          <span className="sr">, time range</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time range">
        <div className="presets">
          {[{ label: 'Any time', from: undefined }, ...presets].map(({ label, from }) => (
            <button
              key={label}
              type="button"
              className="linkbutton"
              aria-pressed={range.from === from && !range.to}
              onClick={() => take({ from, to: undefined })}
            >
              {label}
            </button>
          ))}
        </div>
        <Exact key={String(opened)} range={range} take={take} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Exact({ range, take }: { range: Range; take: (range: Range) => void }) {
  const written = (text: string | undefined) => (text?.startsWith('now') ? '' : typed(text))
  const [from, setFrom] = useState(written(range.from))
  const [to, setTo] = useState(written(range.to))
  const [wrong, setWrong] = useState<{ from?: string; to?: string }>({})
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const [start, end] = [readTyped(from), readTyped(to)]
    const says = 'Write it as 2026-11-24 06:38:51'
    const found = {
      ...(from.trim() !== '' && !start && { from: says }),
      ...(to.trim() !== '' && !end && { to: says }),
      ...(start && end && Date.parse(start) >= Date.parse(end) && { to: 'This is not after the begin' }),
    }
    setWrong(found)
    if (Object.keys(found).length === 0) take({ from: start, to: end })
  }
  return (
    <form className="exact" onSubmit={submit} noValidate>
      <TextInput
        label="From (UTC), included"
        placeholder="2026-11-24 06:38:51"
        value={from}
        error={wrong.from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        classNames={{ input: 'mono' }}
      />
      <TextInput
        label="To (UTC), not included"
        placeholder="2026-11-25"
        value={to}
        error={wrong.to}
        onChange={(event) => setTo(event.currentTarget.value)}
        classNames={{ input: 'mono' }}
      />
      <Button type="submit" variant="default">
        Use these times
      </Button>
    </form>
  )
}
