import { Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { relativeTime } from '../../lib/format.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { differing } from './differing.ts'
import type { Draft } from './draft.ts'

export interface Theirs {
  title: string
  description: string
  version: number
  updatedBy: string | null
  updatedAt: Date | string
}

interface ConflictProps {
  theirs: Theirs
  mine: Draft
  onTheirs: () => void
  onMine: () => void
  onMerge: () => void
  busy: boolean
}

/** Both texts stand whole and side by side; the person chooses. Neither is stored over the other before that. */
export function Conflict({ theirs, mine, onTheirs, onMine, onMerge, busy }: ConflictProps) {
  const who = theirs.updatedBy ?? 'Someone of another tenant'
  return (
    <section className="conflict" aria-label="Conflicting change" style={{ marginBottom: 16 }} role="alert">
      <header>
        <IconAlertTriangle size={18} style={{ color: 'var(--vc-medium)', flex: 'none' }} aria-hidden />
        <div className="grow">
          <b className="b">{who} saved the case while you were writing.</b>{' '}
          <span className="t2">Nothing is lost: both texts are below, and your draft is kept in this browser.</span>
        </div>
        <Button variant="default" onClick={onTheirs} disabled={busy}>
          Take theirs
        </Button>
        <Button variant="default" onClick={onMine} loading={busy}>
          Take mine
        </Button>
        <Button onClick={onMerge} disabled={busy}>
          Merge by hand
        </Button>
      </header>
      <div className="cols">
        <Side
          name="Saved now"
          about={`version ${theirs.version}, ${who}, ${relativeTime(theirs.updatedAt)}`}
          text={theirs}
          other={mine}
        />
        <Side
          name="Your draft"
          about={`from version ${mine.version}, ${relativeTime(mine.at)}, not saved`}
          text={mine}
          other={theirs}
        />
      </div>
    </section>
  )
}

const shownLine = (line: string) => (line === '' ? '\u00a0' : <Evidence text={line} />)

interface Text {
  title: string
  description: string
}

const Side = ({ name, about, text, other }: { name: string; about: string; text: Text; other: Text }) => (
  <div>
    <div className="row meta" style={{ marginBottom: 6 }}>
      <b className="b" style={{ color: 'var(--vc-text)' }}>
        {name}
      </b>
      {about}
    </div>
    {text.title !== other.title && (
      <p className="b">
        <ins>
          <Evidence text={text.title} />
        </ins>
      </p>
    )}
    <div className="md" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {differing(text.description, other.description).map(({ line, differs }, i) => (
        <div key={i}>{differs ? <ins>{shownLine(line)}</ins> : shownLine(line)}</div>
      ))}
    </div>
  </div>
)
