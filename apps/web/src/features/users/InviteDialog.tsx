import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { mayGrant, roles, type Role } from '@velocicompanion/api/permissions'
import { trpc } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { roleName, roleWords } from '../../lib/roles.ts'
import { useTenantChoice } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import type { ShownLink } from './LinkDialog.tsx'

interface InviteProps {
  close: () => void
  made: (link: ShownLink) => void
}

/** A new person gets a one-time link; nobody but them ever knows their password. */
export function InviteDialog({ close, made }: InviteProps) {
  const me = useMe()
  const choice = useTenantChoice()
  const { tenants } = useTenantNames(true)
  const utils = trpc.useUtils()
  const form = useForm({
    initialValues: {
      username: '',
      role: 'user' as Role,
      tenant: String(typeof choice === 'number' ? choice : me.tenantId),
    },
  })
  const create = trpc.users.create.useMutation({
    onSuccess: ({ user, link }) => {
      void utils.users.list.invalidate()
      made({ username: user.username, link })
    },
  })
  const taken = reasonOf(create.error) === 'taken'
  const submit = form.onSubmit(({ username, role, tenant }) =>
    create.mutate({ username, role, tenant: Number(tenant) }),
  )
  return (
    <Modal opened onClose={close} title="Invite a person">
      <form className="col g12" onSubmit={submit}>
        <TextInput
          label="User name"
          required
          data-autofocus
          autoComplete="off"
          maxLength={64}
          {...form.getInputProps('username')}
          error={taken ? create.error?.message : form.errors['username']}
        />
        <Select
          label="Role"
          description={roleWords[form.values.role]}
          data={roles.filter((role) => mayGrant(me.role, role)).map((role) => ({ value: role, label: roleName[role] }))}
          {...form.getInputProps('role')}
        />
        {tenants.length > 1 && (
          <Select
            label="Tenant"
            searchable
            data={tenants.map((t) => ({ value: String(t.id), label: t.name }))}
            {...form.getInputProps('tenant')}
          />
        )}
        {create.error && !taken && (
          <div className="note bad" role="alert">
            {sentence(create.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Make a one-time link
          </Button>
        </div>
      </form>
    </Modal>
  )
}
