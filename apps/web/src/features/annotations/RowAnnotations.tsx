import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { useMay, useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant, useTenant } from '../../lib/tenant.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { AnnotationDialog, type Annotation, type Subject } from './AnnotationDialog.tsx'
import './annotations.css'

/** Deletes an annotation, with a way back. */
function useDelete() {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const done = () => utils.annotations.invalidate()
  const restore = trpc.annotations.restore.useMutation({ onSettled: done })
  const remove = trpc.annotations.delete.useMutation({ onSettled: done })
  return ({ id }: Annotation) =>
    remove.mutate(
      { id, ...tenant },
      {
        onSuccess: () => toast({ text: 'Deleted the annotation.', undo: () => restore.mutate({ id, ...tenant }) }),
        onError: (error) => toast({ text: `The annotation is not deleted. ${sentence(error)}` }),
      },
    )
}

/** One annotation with who wrote it and when; its author and administrators may change it. */
export function AnnotationLine({ annotation }: { annotation: Annotation }) {
  const [isChanging, change] = useState(false)
  const me = useMe()
  const manages = useMay('annotation:manage')
  const works = useMay('case:work')
  const remove = useDelete()
  const { text, author, createdAt, updatedAt, createdBy, caseId, caseTitle, hostId, at } = annotation
  const own = createdBy === null ? author === me.username : createdBy === me.id
  const isChanged = new Date(updatedAt).getTime() !== new Date(createdAt).getTime()
  return (
    <li className="annotation">
      <div className="annotationtext">
        <Evidence text={text} />
      </div>
      <div className="meta row g4 wrap">
        <span>{visible(author)}</span> · <Time at={createdAt} form="day" />
        {isChanged && ' · changed'}
        {caseId !== null && (
          <>
            {' · '}
            <Link className="link" to="/cases/$id" params={{ id: String(caseId) }}>
              {visible(caseTitle ?? `Case ${caseId}`)}
            </Link>
          </>
        )}
        <span className="grow" />
        {works && (own || manages) && (
          <>
            <Button variant="subtle" onClick={() => change(true)}>
              Change…
            </Button>
            <Button variant="subtle" onClick={() => remove(annotation)}>
              Delete
            </Button>
          </>
        )}
      </div>
      {isChanging && <AnnotationDialog subject={{ hostId, at }} annotation={annotation} close={() => change(false)} />}
    </li>
  )
}

interface RowAnnotationsProps {
  row: { id: string; hostId: number; eventTime: string }
  /** The exact time and its field, where they are known. */
  at?: Pick<Subject, 'at' | 'field'>
}

/** What people wrote to a row, under whatever name it was delivered. */
export function RowAnnotations({ row, at }: RowAnnotationsProps) {
  const found = trpc.annotations.ofRow.useQuery({ row: row.id, ...useTenant() })
  const [isWriting, write] = useState(false)
  const works = useMay('case:work')
  const list = found.data ?? []
  return (
    <section className="annotations" aria-label="Annotations of the row">
      {list.length > 0 && (
        <ul>
          {list.map((annotation) => (
            <AnnotationLine key={annotation.id} annotation={annotation} />
          ))}
        </ul>
      )}
      {works && (
        <Button variant="subtle" onClick={() => write(true)}>
          Annotate…
        </Button>
      )}
      {isWriting && (
        <AnnotationDialog
          subject={{ hostId: row.hostId, at: row.eventTime, ...at, row: row.id }}
          close={() => write(false)}
        />
      )}
    </section>
  )
}
