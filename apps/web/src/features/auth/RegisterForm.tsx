import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { trpc } from '../../api.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { EntryFrame } from './EntryFrame.tsx'
import { passwordFault, passwordHint } from './passwords.ts'

interface RegisterProps {
  /** The server listens beyond this machine and printed a code at its start. */
  needsCode: boolean
  entered: (token: string) => void
}

export function RegisterForm({ needsCode, entered }: RegisterProps) {
  const form = useForm({
    initialValues: { username: '', password: '', tenantName: '', setupCode: '' },
    validate: { password: passwordFault },
  })
  const signIn = trpc.auth.signIn.useMutation({ onSuccess: ({ accessToken }) => entered(accessToken) })
  const register = trpc.auth.register.useMutation({
    onSuccess: (_made, { username, password }) => signIn.mutate({ username, password }),
  })
  const submit = form.onSubmit(({ setupCode, ...values }) =>
    register.mutate({ ...values, ...(needsCode && { setupCode: setupCode.trim() }) }),
  )
  const error = register.error ?? signIn.error
  const reason = reasonOf(error)
  return (
    <EntryFrame
      title="Create the first account"
      sub="This desk is empty. The first account makes the first tenant and may do everything. After that, people come by invitation."
    >
      <form className="col g16 entryform" onSubmit={submit}>
        <TextInput
          label="User name"
          size="sm"
          autoComplete="username"
          required
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page is this form, and nothing is read before it
          autoFocus
          {...form.getInputProps('username')}
          error={reason === 'taken' ? error?.message : undefined}
        />
        <TextInput
          label="Name of the first tenant"
          description="Usually the customer, or your own company."
          size="sm"
          required
          maxLength={100}
          {...form.getInputProps('tenantName')}
        />
        <PasswordInput
          label="Password"
          description={passwordHint}
          size="sm"
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
          error={reason === 'weak_password' ? error?.message : form.errors['password']}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {needsCode && (
          <TextInput
            label="Setup code"
            description="The server printed it at its start."
            size="sm"
            required
            autoComplete="off"
            {...form.getInputProps('setupCode')}
            error={reason === 'needs_code' ? 'This is not the code that the server printed.' : undefined}
          />
        )}
        {error && !['taken', 'weak_password', 'needs_code'].includes(reason ?? '') && (
          <div className="note bad" role="alert">
            {sentence(error)}
          </div>
        )}
        <Button type="submit" size="sm" loading={register.isPending || signIn.isPending}>
          Create account
        </Button>
      </form>
    </EntryFrame>
  )
}
