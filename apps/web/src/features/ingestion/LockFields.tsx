import { PasswordInput, Textarea } from '@mantine/core'

interface LockFieldsProps {
  fields: { password: string; private_key: string }
  set: (key: 'password' | 'private_key') => (event: { currentTarget: { value: string } }) => void
}

/** What opens a locked zip. */
export function LockFields({ fields, set }: LockFieldsProps) {
  return (
    <>
      <PasswordInput
        label="Password (optional)"
        description="Forgotten when the import ends"
        maxLength={1000}
        autoComplete="off"
        value={fields.password}
        onChange={set('password')}
      />
      <Textarea
        label="Private key (optional)"
        description="PEM, for a collection that was locked for a certificate whose key is not kept here; forgotten when the import ends"
        autosize
        minRows={2}
        maxRows={6}
        value={fields.private_key}
        onChange={set('private_key')}
      />
    </>
  )
}
