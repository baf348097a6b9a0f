import { Button, PasswordInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { enter } from './entry.ts'
import { EntryFrame } from './EntryFrame.tsx'
import { passwordFault, passwordHint } from './passwords.ts'

/** The code stands in the fragment, which no proxy logs; `?code=` works too. */
const codeInAddress = () => location.hash.slice(1) || new URLSearchParams(location.search).get('code') || ''

/** The one-time link of a new person, or of one whose password was reset. */
export function WelcomePage() {
  const [code] = useState(codeInAddress)
  const router = useRouter()
  const form = useForm({ initialValues: { password: '' }, validate: { password: passwordFault } })
  const redeem = trpc.auth.redeem.useMutation({
    onSuccess: ({ accessToken }) => {
      enter(accessToken)
      router.history.replace('/')
    },
  })
  const weak = reasonOf(redeem.error) === 'weak_password'
  if (!code) {
    return (
      <EntryFrame
        title="This link is not whole"
        sub="The one-time code is missing. Open the link exactly as you got it."
      >
        <a className="link" href="/sign-in">
          Sign in
        </a>
      </EntryFrame>
    )
  }
  return (
    <EntryFrame title="Choose your password" sub="The link works once. With the password you sign in from now on.">
      <form className="col g16 entryform" onSubmit={form.onSubmit(({ password }) => redeem.mutate({ code, password }))}>
        <PasswordInput
          label="Password"
          description={passwordHint}
          size="sm"
          autoComplete="new-password"
          required
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page is this form, and nothing is read before it
          autoFocus
          {...form.getInputProps('password')}
          error={weak ? redeem.error?.message : form.errors['password']}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {redeem.error && !weak && (
          <div className="note bad" role="alert">
            {sentence(redeem.error)}
          </div>
        )}
        <Button type="submit" size="sm" loading={redeem.isPending}>
          Set the password and sign in
        </Button>
      </form>
    </EntryFrame>
  )
}
