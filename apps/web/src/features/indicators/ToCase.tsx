import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type SyntheticEvent } from 'react'
import { client, trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { ErrorState } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { CaseChoice, newCase } from '../cases/CaseChoice.tsx'
import type { HitGroup } from './words.ts'

interface ToCaseProps {
  hits: Pick<HitGroup, 'id' | 'value' | 'fromCase'>[]
  done: () => void
  close: () => void
}

/** Hits become a case, or go into one: that of the artifact that they come from is offered first. */
export function ToCase({ hits, done, close }: ToCaseProps) {
  const tenant = useOneTenant()
  const utils = trpc.useUtils()
  const navigate = useNavigate()
  const cases = trpc.cases.list.useQuery({ limit: 200, ...tenant })
  const from = hits.find(({ fromCase }) => fromCase)?.fromCase
  const open = (cases.data?.rows ?? []).filter(({ status }) => status !== 'closed')
  const options = [...open, ...(from && !open.some(({ id }) => id === from.id) ? [from] : [])]
  const [chosen, choose] = useState(from ? String(from.id) : newCase)
  const [title, setTitle] = useState('')
  const add = useMutation({
    mutationFn: () => {
      const into = chosen === newCase ? title.trim() !== '' && { title } : { caseId: Number(chosen) }
      return client.indicators.toCase.mutate({ ...tenant, indicators: hits.map(({ id }) => id), ...into })
    },
    onSuccess: ({ caseId, added, isMore }) => {
      void utils.invalidate()
      done()
      const more = isMore ? ' The newest 200 hits were taken; the others stand in the hunt.' : ''
      toast({ text: `${plural(added, 'row')} added to case ${caseId}.${more}` })
      void navigate({ to: '/cases/$id', params: { id: String(caseId) } })
    },
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    add.mutate()
  }
  return (
    <Modal opened onClose={close} title={`Add hits of ${plural(hits.length, 'indicator')} to a case`}>
      <form onSubmit={submit} className="col g12">
        <CaseChoice cases={options} value={chosen} choose={choose} disabled={cases.isPending} />
        {chosen === newCase && (
          <TextInput
            label="Title (optional)"
            maxLength={300}
            placeholder={`${hits[0]?.value.slice(0, 200)} was found`}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
        )}
        <p className="meta">
          Their rows are held as evidence, their values become artifacts, and the hits are acknowledged.
        </p>
        {add.error && <ErrorState error={add.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            {chosen === newCase ? 'Open the case' : 'Add to the case'}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
