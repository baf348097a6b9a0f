import { Button, Radio, TextInput } from '@mantine/core'
import { days as daysInput, mostDays } from '@velocicompanion/api/retention/input'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client, trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { confirm } from '../../ui/Confirm.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { toast } from '../../ui/toast.tsx'
import { Preview, removedWords, type WouldRemove } from './Preview.tsx'
import type { Retention } from './RetentionPage.tsx'

/** The number that is written, or nothing while it is none. */
const daysOf = (text: string) => {
  const read = daysInput.safeParse(/^\d+$/.test(text.trim()) ? Number(text) : undefined)
  return read.success ? read.data : undefined
}

export function RetentionForm({ retention }: { retention: Retention }) {
  const tenant = useOneTenant()
  const [keeps, setKeeps] = useState(retention.days === null ? 'ever' : 'days')
  const [text, setText] = useState(String(retention.days ?? ''))
  const days = keeps === 'ever' ? null : daysOf(text)
  const looked = useDebounced(days, 300)
  const preview = trpc.retention.preview.useQuery({ days: looked!, ...tenant }, { enabled: typeof looked === 'number' })
  const save = useSave(retention.days)
  const known = looked === days ? preview.data : undefined
  const ready = days === null || (days !== undefined && known !== undefined)
  return (
    <form
      className="col g12"
      onSubmit={(event) => {
        event.preventDefault()
        if (days === undefined || !ready) return
        if (days === null || !known || removesNothing(known)) save.mutate(days)
        else ask(days, known, () => save.mutateAsync(days))
      }}
    >
      <Radio.Group label="For how long" value={keeps} onChange={setKeeps}>
        <div className="col" style={{ paddingTop: 4 }}>
          <Radio value="ever" label="For ever" />
          <Radio value="days" label="For a number of days after they were received" />
        </div>
      </Radio.Group>
      {keeps === 'days' && (
        <TextInput
          label="Days"
          inputMode="numeric"
          w={140}
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={text !== '' && days === undefined ? `A whole number from 1 to ${count(mostDays)}` : undefined}
        />
      )}
      {typeof days === 'number' && looked === days && (
        <Loaded query={preview}>{(found) => <Preview days={days} found={found} />}</Loaded>
      )}
      {save.error && (
        <div className="note bad" role="alert">
          {sentence(save.error)}
        </div>
      )}
      <div className="row g12">
        <Button type="submit" loading={save.isPending} disabled={!ready || days === retention.days}>
          {known && !removesNothing(known) ? 'Save…' : 'Save'}
        </Button>
        {retention.changedBy !== null && <span className="meta">Last changed by {retention.changedBy}</span>}
      </div>
    </form>
  )
}

const removesNothing = ({ rows, files, deliveries, rejected }: WouldRemove) =>
  rows + files + deliveries + rejected === 0

/** Nothing brings rows back but their sender or a backup. */
const ask = (days: number, found: WouldRemove, run: () => Promise<unknown>) =>
  confirm({
    title: `Keep ${plural(days, 'day')} only?`,
    body: `${removedWords(found)} will be removed, beginning within ten minutes. It cannot be undone here: only a backup, or sending them again, brings them back.`,
    verb: 'Save and remove',
    danger: true,
    typed: plural(days, 'day'),
    run,
  })

function useSave(was: number | null) {
  const tenant = useOneTenant()
  const utils = trpc.useUtils()
  return useMutation({
    mutationFn: (days: number | null) => client.retention.set.mutate({ days, was, ...tenant }),
    onSuccess: ({ days }) =>
      toast({
        text: days === null ? 'Everything is kept for ever.' : `What is received is kept for ${plural(days, 'day')}.`,
      }),
    // Also after a conflict: the page shows what somebody else made of it.
    onSettled: () => void utils.retention.invalidate(),
  })
}
