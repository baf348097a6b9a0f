import { EmbeddedError } from '@velocicompanion/db/embedded'
import { SettingError } from './env.ts'

interface SystemError {
  code?: string
  syscall?: string
  port?: number
  address?: string
  hostname?: string
  path?: string
}

/** What to do about an error of the start, in one sentence; undefined for a fault of ours. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof SettingError || error instanceof EmbeddedError) return error.message
  const { code, syscall, port, address, hostname, path } = error as SystemError
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken: stop what uses it, or start with another one, such as PORT=8001 npm start`
  if (syscall === 'listen' && code === 'EACCES')
    return `Port ${port} is not allowed for this user: set PORT to 1024 or more`
  if (code === 'EADDRNOTAVAIL' || (syscall === 'getaddrinfo' && hostname))
    return `HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0: ${address ?? hostname} is none`
  if (path !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC'].includes(code ?? ''))
    return `${path} cannot be written (${code}): set DATA_DIR to a folder that this user may write to`
  return undefined
}

const refusals: Record<string, string> = {
  '28P01': 'refuses the password',
  '28000': 'refuses the login',
  '3D000': 'has no such database',
  '42501': 'gives this login too few rights',
}

/** For a database of DATABASE_URL that can't be used, a sentence that never shows the address, which holds a password. */
export function databaseSentence(error: unknown) {
  const { code = '', errors } = error as { code?: string; errors?: { code?: string }[] }
  const reason = code || errors?.[0]?.code || ''
  const known = refusals[reason] ?? (/^E[A-Z]+$|^57P/.test(reason) ? 'does not answer' : undefined)
  return known === undefined
    ? error
    : new SettingError(`The database of DATABASE_URL ${known} (${reason}); docs/deploy.md says what its login needs`)
}
