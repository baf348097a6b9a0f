import { TRPCClientError } from '@trpc/client'

/** What a screen says about a failure. */
export interface Problem {
  kind: 'forbidden' | 'not_found' | 'signed_out' | 'conflict' | 'invalid' | 'busy' | 'offline' | 'server'
  what: string
  next: string
  permission?: string | undefined
  reason?: string | undefined
  reference?: string | undefined
}

interface Data {
  code?: string
  httpStatus?: number
  reason?: string
  detail?: Record<string, unknown>
  requestId?: string
}

export const problemData = (error: unknown): Data =>
  error instanceof TRPCClientError ? ((error.data as Data | null | undefined) ?? {}) : {}

export const reasonOf = (error: unknown) => problemData(error).reason

const referenceOf = (error: unknown) => {
  const own = problemData(error).requestId
  if (own) return own
  const meta = error instanceof TRPCClientError ? error.meta : undefined
  const response = meta?.['response']
  return response instanceof Response ? (response.headers.get('x-request-id') ?? undefined) : undefined
}

/** Turns any error into sentences: what happened, what to try, and a reference where the server gave one. */
export function problemOf(error: unknown): Problem {
  const { code, reason } = problemData(error)
  const message = error instanceof Error ? error.message : String(error)
  const known = { reason, reference: referenceOf(error) }
  switch (code) {
    case 'FORBIDDEN': {
      const permission = /^Needs (\S+)$/.exec(message)?.[1]
      return { kind: 'forbidden', what: message, next: 'An admin can give you the role.', permission, ...known }
    }
    case 'NOT_FOUND':
      return { kind: 'not_found', what: message, next: 'Check the address, or go back to the list.', ...known }
    case 'UNAUTHORIZED':
      return { kind: 'signed_out', what: message, next: 'Sign in again.', ...known }
    case 'CONFLICT':
      return { kind: 'conflict', what: message, next: 'Load the newest state and try again.', ...known }
    case 'TOO_MANY_REQUESTS':
      return { kind: 'busy', what: message, next: 'Wait a moment, then try again.', ...known }
    case 'BAD_REQUEST':
      return { kind: 'invalid', what: inputMessage(message), next: 'Mend the input and try again.', ...known }
    case undefined:
      return isOffline(error)
        ? { kind: 'offline', what: 'The server does not answer.', next: 'Nothing was changed. Try again.', ...known }
        : { kind: 'server', what: message, next: 'Load the page again.', ...known }
    default:
      return { kind: 'server', what: serverMessage(code, message), next: 'Nothing was changed. Try again.', ...known }
  }
}

const isOffline = (error: unknown) => error instanceof TRPCClientError

const serverMessage = (code: string, message: string) => {
  if (code === 'SERVICE_UNAVAILABLE') return `${message.replace(/\.$/, '')}.`
  return code === 'INTERNAL_SERVER_ERROR' ? 'The server failed at this.' : message
}

/** A zod error arrives as a JSON list; show its sentences, not its shape. */
function inputMessage(message: string) {
  if (!message.startsWith('[')) return message
  try {
    const issues = JSON.parse(message) as { path?: (string | number)[]; message: string }[]
    return issues.map((i) => (i.path?.length ? `${i.path.join('.')}: ${i.message}` : i.message)).join('. ')
  } catch {
    return message
  }
}

/** One sentence, for a field or a dialog. */
export const sentence = (error: unknown) => {
  const { what, kind, next } = problemOf(error)
  return kind === 'offline' || kind === 'server' || kind === 'busy' ? `${what} ${next}` : what
}
