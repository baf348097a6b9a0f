import { TRPCError } from '@trpc/server'

/** What a client may branch on, beside the code. */
export type Reason =
  | 'stale'
  | 'taken'
  | 'locked'
  | 'weak_password'
  | 'last_admin'
  | 'needs_code'
  | 'closed'
  | 'too_expensive'
  | 'unsupported_query'
  | 'damaged'

/** An error that the caller is meant to read. Anything else is masked as an internal error. */
export class AppError extends TRPCError {
  readonly reason: Reason | undefined
  /** More for the client to show, such as the other version of a text. */
  readonly detail: Record<string, unknown> | undefined
  constructor(
    code: TRPCError['code'],
    message: string,
    reason?: Reason,
    detail?: Record<string, unknown>,
    cause?: unknown,
  ) {
    super({ code, message, cause })
    this.reason = reason
    this.detail = detail
  }
}

/** Another tenant's row and no row look the same. */
export const notFound = (what: string) => new AppError('NOT_FOUND', `No such ${what}`)

/** Whoever asked went away, or asked to stop. */
export const cancelled = () => new AppError('CLIENT_CLOSED_REQUEST', 'The search was stopped')

/** Nothing else may stand in for bytes that are not those that were stored. */
export const damaged = (what: string) =>
  new AppError(
    'UNPROCESSABLE_CONTENT',
    `${what} is damaged: what is stored is not what was sent. The ingestion page names its block`,
    'damaged',
  )

const awayCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT']
const awayStates = ['57P01', '57P02', '57P03', '08006', '08001', '53300']

/** For an error of the database after which the same request may succeed later: what to say instead of "internal error". */
export function unavailable(error: unknown): AppError | undefined {
  const text = whyUnavailable(error)
  return text === undefined ? undefined : new AppError('SERVICE_UNAVAILABLE', text, undefined, undefined, error)
}

function whyUnavailable(error: unknown): string | undefined {
  if (error instanceof AppError || typeof error !== 'object' || error === null) return undefined
  const { code, message = '', cause } = error as { code?: string; message?: string; cause?: unknown }
  if (code === '53100') return 'The disk of the database is full'
  if (code === 'ENOSPC') return 'The disk of the server is full'
  if (message.includes('timeout exceeded when trying to connect')) {
    return 'The server is busy: no connection to the database came free in time'
  }
  const away = [...awayCodes, ...awayStates].includes(code ?? '')
  if (away || /Connection terminated|is not queryable/.test(message)) {
    return 'The database does not answer'
  }
  return whyUnavailable(cause)
}
