import { Button } from '@mantine/core'
import { useCallback, useState } from 'react'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useTenant } from '../../lib/tenant.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { AnnotationDialog, type Annotation, type Subject } from '../annotations/AnnotationDialog.tsx'
import { ShownAnnotation } from '../annotations/ShownAnnotation.tsx'
import type { Entry, Line } from './Lines.tsx'
import { clock } from './words.ts'

const none: Annotation[] = []

/** The annotations of a host, and what opens and writes them. */
export function useAnnotations(hostId: number) {
  const found = trpc.annotations.list.useQuery({ hostId, limit: 1000, ...useTenant() })
  const works = useMay('case:work')
  const [writing, write] = useState<Subject>()
  const [shown, show] = useState<number>()
  const list = found.data?.rows ?? none
  const open = useCallback((id: number) => show(id), [])
  const annotate = ({ id, at, field }: Line) => write({ hostId, at, row: id, field })
  const beyond = (found.data?.total ?? 0) - list.length
  return {
    list,
    open,
    letters: works ? [{ key: 'a', label: 'Annotate the row', run: annotate }] : [],
    button: (
      <>
        {works && (
          <Button variant="subtle" onClick={() => write({ hostId, at: '' })}>
            Annotate a time…
          </Button>
        )}
        {beyond > 0 && <span className="meta">{plural(beyond, 'later annotation')} not shown</span>}
      </>
    ),
    editing: {
      writing,
      shown: list.find(({ id }) => id === shown),
      close: () => {
        write(undefined)
        show(undefined)
      },
    },
  }
}

type EditorProps = ReturnType<typeof useAnnotations>['editing']

/** The dialog that is open, if one is. */
export function AnnotationEditor({ writing, shown, close }: EditorProps) {
  if (writing) return <AnnotationDialog subject={writing} close={close} />
  return shown ? <ShownAnnotation annotation={shown} close={close} /> : null
}

/** A time to compare as text: with nine digits. */
const sortable = (at: string) => {
  const [whole = '', fraction = ''] = at.replace(/Z$/, '').split('.')
  return `${whole}.${fraction.padEnd(9, '0')}`
}

/** Puts annotations between the lines by their time; the ends of `range` are inclusive. */
export function withNotes(
  entries: Entry[],
  list: Annotation[],
  range: { from: string; to: string },
  open: (id: number) => void,
): Entry[] {
  const [from, to] = [sortable(range.from), sortable(range.to)]
  const waiting = list.filter(({ at }) => sortable(at) >= from && sortable(at) <= to)
  if (waiting.length === 0) return entries
  const all: Entry[] = []
  let next = 0
  const put = (isDue: (note: Annotation) => boolean) => {
    for (; next < waiting.length && isDue(waiting[next]!); next++) all.push(noteOf(waiting[next]!, open))
  }
  for (const [i, entry] of entries.entries()) {
    const line = lineOf(entry) ?? lineOf(entries[i + 1])
    // A note of the same time stands behind its row.
    if (line) put((note) => note.micros < line.micros || (note.micros === line.micros && note.nanos < line.nanos))
    all.push(entry)
  }
  put(() => true)
  return all
}

const lineOf = (entry: Entry | undefined) => (entry && 'line' in entry ? entry.line : undefined)

const noteOf = (annotation: Annotation, open: (id: number) => void): Entry => ({
  key: `annotation ${annotation.id}`,
  note: (
    <>
      <span className="mono t2">{clock(annotation.at)}</span> <Evidence text={annotation.text.slice(0, 300)} />{' '}
      <span className="meta">{visible(annotation.author)}</span>
    </>
  ),
  run: () => open(annotation.id),
})
