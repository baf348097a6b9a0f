import { Button, PasswordInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { trpc } from '../../api.ts'
import { roleName } from '../../lib/roles.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { useMe } from '../../lib/me.ts'
import { Facts } from '../../ui/Facts.tsx'
import { Page } from '../../ui/Page.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { toast } from '../../ui/toast.tsx'
import { passwordFault, passwordHint } from './passwords.ts'
import { Preferences } from './Preferences.tsx'

export function AccountPage() {
  const me = useMe()
  return (
    <Page title="Your account" sub="Who you are here, your password, and how the screen behaves.">
      <div className="grid" style={{ gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)', maxWidth: 1100 }}>
        <Panel title="Password" pad>
          <ChangePassword />
        </Panel>
        <div className="stack">
          <Panel title="Identity" pad>
            <Facts
              facts={[
                ['User name', me.username],
                ['Role', roleName[me.role]],
                ['Tenant', me.tenant.name],
              ]}
            />
          </Panel>
          <Panel title="Screen" pad>
            <Preferences />
          </Panel>
        </div>
      </div>
    </Page>
  )
}

const empty = { current: '', password: '', again: '' }

function ChangePassword() {
  const form = useForm({
    initialValues: empty,
    validate: {
      password: passwordFault,
      again: (again, { password }) => (again === password ? null : 'Not the same as the new password'),
    },
  })
  const change = trpc.auth.changePassword.useMutation({
    onSuccess: () => {
      form.reset()
      toast({ text: 'Password changed. Your other sessions have ended.' })
    },
  })
  const weak = reasonOf(change.error) === 'weak_password'
  const eye = { 'aria-label': 'Show the password' }
  return (
    <form className="col g12" onSubmit={form.onSubmit(({ current, password }) => change.mutate({ current, password }))}>
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        required
        visibilityToggleButtonProps={eye}
        {...form.getInputProps('current')}
      />
      <PasswordInput
        label="New password"
        description={passwordHint}
        autoComplete="new-password"
        required
        visibilityToggleButtonProps={eye}
        {...form.getInputProps('password')}
        error={weak ? change.error?.message : form.errors['password']}
      />
      <PasswordInput
        label="New password again"
        autoComplete="new-password"
        required
        visibilityToggleButtonProps={eye}
        {...form.getInputProps('again')}
      />
      {change.error && !weak && (
        <div className="note bad" role="alert">
          {sentence(change.error)}
        </div>
      )}
      <div className="row">
        <Button type="submit" loading={change.isPending}>
          Change password
        </Button>
        <span className="meta">Ends every other session of yours.</span>
      </div>
    </form>
  )
}
