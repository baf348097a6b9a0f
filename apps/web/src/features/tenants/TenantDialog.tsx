import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { client, trpc } from '../../api.ts'
import { useMutation } from '@tanstack/react-query'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { toast } from '../../ui/toast.tsx'
import type { Tenant } from './TenantsPage.tsx'

interface TenantDialogProps {
  /** None: a new one. */
  tenant: Tenant | undefined
  close: () => void
}

export function TenantDialog({ tenant, close }: TenantDialogProps) {
  const utils = trpc.useUtils()
  const form = useForm({ initialValues: { name: tenant?.name ?? '', description: tenant?.description ?? '' } })
  const save = useMutation({
    mutationFn: async (values: { name: string; description: string }) => {
      if (tenant) await client.tenants.update.mutate({ id: tenant.id, ...values })
      else await client.tenants.create.mutate(values)
      return values.name
    },
    onSuccess: (name) => {
      void utils.tenants.list.invalidate()
      void utils.auth.me.invalidate()
      toast({
        text: tenant ? `${name} is saved.` : `${name} is made. Next: act in it, and make a token for its sender.`,
      })
      close()
    },
  })
  const taken = reasonOf(save.error) === 'taken'
  return (
    <Modal opened onClose={close} title={tenant ? `Rename ${tenant.name}` : 'New tenant'}>
      <form className="col g12" onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <TextInput
          label="Name"
          required
          maxLength={100}
          data-autofocus
          {...form.getInputProps('name')}
          error={taken ? save.error?.message : undefined}
        />
        <Textarea
          label="Description (optional)"
          maxLength={2000}
          autosize
          minRows={3}
          {...form.getInputProps('description')}
        />
        {save.error && !taken && (
          <div className="note bad" role="alert">
            {sentence(save.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {tenant ? 'Save' : 'Make the tenant'}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
