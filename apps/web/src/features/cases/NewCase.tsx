import { Button, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { CaseSeverity } from '@velocicompanion/api/cases/input'
import { useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { ErrorState } from '../../ui/states.tsx'
import { severityOptions } from './words.ts'

export function NewCase({ onClose }: { onClose: () => void }) {
  const [title, setTitle] = useState('')
  const [description, setDescription] = useState('')
  const [severity, setSeverity] = useState<CaseSeverity>('medium')
  const navigate = useNavigate()
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const create = trpc.cases.create.useMutation({
    onSuccess: async ({ id }) => {
      await utils.cases.invalidate()
      await navigate({ to: '/cases/$id', params: { id: String(id) } })
    },
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    create.mutate({ title, description, severity, ...tenant })
  }
  return (
    <Modal opened onClose={() => !create.isPending && onClose()} title="New case">
      <form onSubmit={submit} className="col g12">
        <TextInput
          label="Title"
          required
          maxLength={300}
          data-autofocus
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
        />
        <Select
          label="Severity"
          data={severityOptions}
          value={severity}
          allowDeselect={false}
          onChange={(value) => value && setSeverity(value)}
        />
        <Textarea
          label="Text"
          autosize
          minRows={4}
          value={description}
          onChange={(e) => setDescription(e.currentTarget.value)}
        />
        {create.error && <ErrorState error={create.error} />}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={onClose} disabled={create.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create case
          </Button>
        </div>
      </form>
    </Modal>
  )
}
