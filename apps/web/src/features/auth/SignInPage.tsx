import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { problemOf, sentence } from '../../lib/problem.ts'
import { ErrorState } from '../../ui/states.tsx'
import { enter } from './entry.ts'
import { EntryFrame } from './EntryFrame.tsx'
import { safeNext } from './next.ts'
import { RegisterForm } from './RegisterForm.tsx'

const route = getRouteApi('/sign-in')

/** Signing in; on an empty installation the same address makes the first account. */
export function SignInPage() {
  const { next } = route.useSearch()
  const router = useRouter()
  const first = trpc.auth.firstRun.useQuery(undefined, { staleTime: 0 })
  const entered = (token: string) => {
    enter(token)
    router.history.push(safeNext(next))
  }
  if (first.error) {
    return (
      <EntryFrame title="Sign in">
        <ErrorState error={first.error} retry={() => void first.refetch()} />
      </EntryFrame>
    )
  }
  if (first.data?.needed) return <RegisterForm needsCode={first.data.needsCode} entered={entered} />
  return <SignInForm entered={entered} />
}

function SignInForm({ entered }: { entered: (token: string) => void }) {
  const form = useForm({ initialValues: { username: '', password: '' } })
  const signIn = trpc.auth.signIn.useMutation({
    onSuccess: ({ accessToken }) => entered(accessToken),
    onError: () => form.setFieldValue('password', ''),
  })
  const wrong = signIn.error && problemOf(signIn.error).kind === 'signed_out'
  return (
    <EntryFrame title="Sign in">
      <form className="col g16 entryform" onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
        <TextInput
          label="User name"
          size="sm"
          autoComplete="username"
          required
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page is this form, and nothing is read before it
          autoFocus
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label="Password"
          size="sm"
          autoComplete="current-password"
          required
          {...form.getInputProps('password')}
          error={wrong ? `${signIn.error.message}.` : undefined}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {signIn.error && !wrong && (
          <div className="note bad" role="alert">
            {sentence(signIn.error)}
          </div>
        )}
        <Button type="submit" size="sm" loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </EntryFrame>
  )
}
