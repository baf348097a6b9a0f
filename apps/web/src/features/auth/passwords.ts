export const passwordHint = '12 characters or more. A sentence is good.'

/** The server decides; this only saves a round trip for what is plain. bcrypt reads 72 bytes at most. */
export function passwordFault(password: string) {
  if (password.length < 12) return '12 characters or more'
  return new TextEncoder().encode(password).length > 72 ? 'At most 72 bytes' : null
}
