import { Button } from '@mantine/core'
import { visible } from '../../ui/evidence.tsx'
import type { ListValues } from './list-values.ts'

const names: Record<keyof ListValues, string> = {
  name: 'Name',
  benign: 'Benign',
  tlp: 'TLP',
  severity: 'Severity',
  confidence: 'Confidence',
  tags: 'Tags',
  source: 'Source',
  note: 'Note',
  from: 'Valid from',
  until: 'Valid until',
  sharedWith: 'Shared with tenants',
}

interface ListConflictProps {
  theirs: ListValues
  mine: ListValues
  /** What both have changed, each in another way. */
  fields: (keyof ListValues)[]
  busy: boolean
  onTheirs: () => void
  onMine: () => void
}

/** What both changed stands whole and side by side; the person chooses, or writes a third above. */
export function ListConflict({ theirs, mine, fields, busy, onTheirs, onMine }: ListConflictProps) {
  return (
    <section className="listconflict" role="alert" aria-label="Conflicting change">
      <p>
        <b className="b">Someone saved the list while you were at it.</b> Nothing is lost: what only one of you changed
        is kept, and what both changed stands here.
      </p>
      <table className="tbl">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Saved now</th>
            <th scope="col">Yours, not saved</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field}>
              <th scope="row">{names[field]}</th>
              <td className="w">{textOf(theirs[field])}</td>
              <td className="w">{textOf(mine[field])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button variant="default" onClick={onTheirs} disabled={busy}>
          Take theirs
        </Button>
        <Button variant="default" onClick={onMine} loading={busy}>
          Save mine
        </Button>
      </div>
    </section>
  )
}

function textOf(value: ListValues[keyof ListValues]) {
  if (Array.isArray(value)) return visible(value.join(', ')) || 'none'
  return value === '' ? 'empty' : visible(String(value))
}
