import { Button, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'

export type Annotation = Outputs['annotations']['list']['rows'][number]

/** What is written to: a moment of a host, and the row that it is of. */
export interface Subject {
  hostId: number
  /** RFC3339 in UTC; empty where it is still to be said. */
  at: string
  row?: string | undefined
  field?: string | null | undefined
}

interface AnnotationDialogProps {
  subject: Subject
  /** The one that is changed. */
  annotation?: Annotation | undefined
  close: () => void
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)

/** Writes to a moment of a host, or changes what was written. */
export function AnnotationDialog({ subject, annotation, close }: AnnotationDialogProps) {
  const [text, setText] = useState(annotation?.text ?? '')
  const [at, setAt] = useState(subject.at)
  const [caseId, setCase] = useState(annotation?.caseId ? String(annotation.caseId) : null)
  const tenant = useOneTenant()
  const cases = trpc.cases.list.useQuery({ limit: 200, ...tenant })
  const utils = trpc.useUtils()
  const onSuccess = async () => {
    await utils.annotations.invalidate()
    close()
  }
  const create = trpc.annotations.create.useMutation({ onSuccess })
  const update = trpc.annotations.update.useMutation({ onSuccess })
  const error = create.error ?? update.error
  const isFixed = annotation !== undefined || subject.row !== undefined
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (text.trim() === '' || !isTime(at)) return
    const chosen = caseId === null ? undefined : Number(caseId)
    if (annotation)
      update.mutate({ id: annotation.id, version: annotation.version, text, caseId: chosen ?? null, ...tenant })
    else {
      const { hostId, row, field } = subject
      create.mutate({
        hostId,
        at,
        text,
        ...(row && { row }),
        ...(field && { field }),
        ...(chosen && { caseId: chosen }),
        ...tenant,
      })
    }
  }
  return (
    <Modal opened onClose={close} title={annotation ? 'Change the annotation' : 'Annotate'} size={520}>
      <form className="col g12" onSubmit={submit}>
        <TextInput
          label="Time (UTC)"
          className="mono"
          placeholder="2026-11-24T06:38:51.209Z"
          value={at}
          readOnly={isFixed}
          error={
            at !== '' && !isTime(at) && 'Write it as 2026-11-24T06:38:51Z, with up to nine digits behind the second'
          }
          onChange={(event) => setAt(event.currentTarget.value)}
          required
        />
        <Textarea
          label="What happened"
          data-autofocus
          autosize
          minRows={3}
          maxRows={12}
          maxLength={10_000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          required
        />
        <Select
          label="Case"
          placeholder="None"
          clearable
          searchable
          data={(cases.data?.rows ?? []).map(({ id, title }) => ({
            value: String(id),
            label: `${id} ${visible(title)}`,
          }))}
          value={caseId}
          onChange={setCase}
        />
        {error && (
          <div className="note bad" role="alert">
            {reasonOf(error) === 'stale'
              ? 'Someone changed this annotation meanwhile. Nothing of yours was saved: copy your text, close this and open it again.'
              : sentence(error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending || update.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}
