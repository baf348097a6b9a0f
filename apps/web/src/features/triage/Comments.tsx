import { Button, Textarea } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { useMay, useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useOneTenant, useTenant } from '../../lib/tenant.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import type { RowRef } from './useTriage.ts'
import './triage.css'

/** Writes and removes are in the row's own tenant, also where all are looked at. */
function useTenantOf({ tenantId }: RowRef): { tenant?: number } {
  const all = useAllTenants()
  const own = useOneTenant()
  return all ? { tenant: tenantId } : own
}

/** What people wrote to a row, and a place to write. */
export function Comments({ row }: { row: RowRef }) {
  const comments = trpc.triage.comments.useQuery({ row: row.id, ...useTenant() })
  const works = useMay('triage:work')
  return (
    <>
      <Loaded query={comments}>
        {(found) =>
          found.length === 0 ? (
            <p className="meta">Nobody has written to this row.</p>
          ) : (
            <ul className="comments" aria-label="Comments">
              {found.map((comment) => (
                <Comment key={comment.id} row={row} comment={comment} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {works && <Write row={row} />}
    </>
  )
}

interface CommentProps {
  row: RowRef
  comment: Outputs['triage']['comments'][number]
}

function Comment({ row, comment }: CommentProps) {
  const { id, text, author, createdBy, createdAt } = comment
  const me = useMe()
  const manages = useMay('annotation:manage')
  const tenant = useTenantOf(row)
  const utils = trpc.useUtils()
  const done = () => utils.triage.invalidate()
  const restore = trpc.triage.restoreComment.useMutation({ onSettled: done })
  const remove = trpc.triage.removeComment.useMutation({
    onSettled: done,
    onSuccess: () => toast({ text: 'Removed the comment.', undo: () => restore.mutate({ id, ...tenant }) }),
    onError: (error) => toast({ text: `The comment was not removed. ${sentence(error)}` }),
  })
  const own = createdBy === null ? author === me.username : createdBy === me.id
  return (
    <li>
      <p>
        <Evidence text={text} />
      </p>
      <span className="meta row g4">
        {visible(author)} · <Time at={createdAt} />
        {(own || manages) && (
          <Button
            variant="subtle"
            size="compact-xs"
            loading={remove.isPending}
            onClick={() => remove.mutate({ id, ...tenant })}
          >
            Remove
          </Button>
        )}
      </span>
    </li>
  )
}

function Write({ row }: { row: RowRef }) {
  const [text, setText] = useState('')
  const utils = trpc.useUtils()
  const tenant = useTenantOf(row)
  const write = trpc.triage.comment.useMutation({
    onSuccess: () => setText(''),
    onSettled: () => utils.triage.invalidate(),
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (text.trim() !== '') write.mutate({ row: row.id, text, ...tenant })
  }
  return (
    <form onSubmit={submit} className="col g8">
      <Textarea
        label="Comment"
        description="@ and a user name tells that person."
        autosize
        minRows={2}
        maxLength={10_000}
        value={text}
        error={write.error && `Not saved. ${sentence(write.error)}`}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div>
        <Button type="submit" loading={write.isPending} disabled={text.trim() === ''}>
          Comment
        </Button>
      </div>
    </form>
  )
}
