import { Button, MultiSelect } from '@mantine/core'
import { count } from '../../lib/format.ts'
import { Mono, NotPresent } from '../../ui/Value.tsx'

export const pageSize = 50

/** A value that comes as exact JSON: a text without its quotes, everything else as it was written. */
export function ExactCell({ json }: { json: string | null }) {
  return json === null ? <NotPresent /> : <Mono value={textOf(json)} />
}

export function textOf(json: string) {
  if (!json.startsWith('"')) return json
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : json
  } catch {
    // It was cut, or holds several values of a repeated key.
    return json
  }
}

interface ColumnsProps {
  label: string
  columns: string[]
  value: string[]
  change: (columns: string[]) => void
}

export const Columns = ({ label, columns, value, change }: ColumnsProps) => (
  <MultiSelect
    label={label}
    data={[...new Set([...value, ...columns])]}
    value={value}
    onChange={change}
    searchable
    hidePickedOptions
    classNames={{ pill: 'mono' }}
  />
)

interface StepsProps {
  at: number
  shown: number
  total: number
  go: (at: number) => void
}

/** Which of how many are shown, and the way to the others. */
export const Steps = ({ at, shown, total, go }: StepsProps) => (
  <div className="row g8 pad">
    <span className="meta grow">
      {shown === total
        ? `all ${count(total)} shown`
        : `${count(at + 1)} to ${count(at + shown)} of ${count(total)} shown`}
    </span>
    <Button variant="default" disabled={at === 0} onClick={() => go(Math.max(0, at - pageSize))}>
      Previous
    </Button>
    <Button variant="default" disabled={at + shown >= total} onClick={() => go(at + pageSize)}>
      Next
    </Button>
  </div>
)
