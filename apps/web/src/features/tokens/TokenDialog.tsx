import { Button, Modal, Radio, Select, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { trpc } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useTenantChoice } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import type { MadeToken } from './TokensPage.tsx'

interface TokenDialogProps {
  close: () => void
  made: (token: MadeToken) => void
}

const lifetimes = [
  { value: '', label: 'Never ends' },
  { value: '30', label: 'Ends in 30 days' },
  { value: '90', label: 'Ends in 90 days' },
  { value: '365', label: 'Ends in a year' },
]

const inDays = (days: string) => new Date(Date.now() + Number(days) * 86_400_000).toISOString()

export function TokenDialog({ close, made }: TokenDialogProps) {
  const { form, tenants, own, create } = useTokenForm(made)
  const { scope } = form.values
  return (
    <Modal opened onClose={close} title="New token" size={520}>
      <form className="col g12" onSubmit={create.submit}>
        <TextInput
          label="Name"
          placeholder="velo-1 flows"
          required
          maxLength={100}
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Radio.Group label="What it may do" {...form.getInputProps('scope')}>
          <div className="col" style={{ paddingTop: 4 }}>
            <Radio value="ingest" label="Send rows, and nothing else" />
            <Radio
              value="api"
              label="Act as me in the API"
              disabled={!own}
              description={own ? undefined : 'Only in your own tenant'}
            />
          </div>
        </Radio.Group>
        {scope === 'ingest' && (
          <div className="row top g12">
            <TextInput
              label="Velociraptor server"
              description="A name of your own for it."
              placeholder="velo-1"
              required
              maxLength={100}
              className="grow"
              {...form.getInputProps('server')}
            />
            <TextInput
              label="Org id"
              description="root, or such as O123."
              required
              maxLength={50}
              className="grow"
              {...form.getInputProps('orgId')}
            />
          </div>
        )}
        {tenants.length > 1 && (
          <Select
            label="Tenant"
            description="Its rows go there, whatever they say."
            searchable
            data={tenants.map((t) => ({ value: String(t.id), label: t.name }))}
            {...form.getInputProps('tenant')}
          />
        )}
        <Select label="Lifetime" data={lifetimes} {...form.getInputProps('days')} />
        {create.error && (
          <div className="note bad" role="alert">
            {sentence(create.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.busy}>
            Make the token
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function useTokenForm(made: (token: MadeToken) => void) {
  const me = useMe()
  const choice = useTenantChoice()
  const { tenants } = useTenantNames(true)
  const utils = trpc.useUtils()
  const form = useForm({
    initialValues: {
      name: '',
      scope: 'ingest' as 'ingest' | 'api',
      server: '',
      orgId: 'root',
      days: '',
      tenant: String(typeof choice === 'number' ? choice : me.tenantId),
    },
  })
  const create = trpc.tokens.create.useMutation({
    onSuccess: (token, { tenant }) => {
      void utils.tokens.list.invalidate()
      made({ ...token, tenantId: typeof tenant === 'number' ? tenant : me.tenantId })
    },
  })
  const submit = form.onSubmit(({ name, scope, server, orgId, days, tenant }) =>
    create.mutate({
      name,
      scope,
      tenant: Number(tenant),
      ...(scope === 'ingest' && { server, orgId }),
      ...(days && { expiresAt: inDays(days) }),
    }),
  )
  const own = form.values.tenant === String(me.tenantId)
  return { form, tenants, own, create: { submit, busy: create.isPending, error: create.error } }
}
