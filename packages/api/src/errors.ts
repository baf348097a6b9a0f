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

/** An error that the caller is meant to read. Anything else is masked as an internal error. */
export class AppError extends TRPCError {
  readonly reason: Reason | undefined
  /** More for the client to show, such as the other version of a text. */
  readonly detail: Record<string, unknown> | undefined
  constructor(code: TRPCError['code'], message: string, reason?: Reason, detail?: Record<string, unknown>) {
    super({ code, message })
    this.reason = reason
    this.detail = detail
  }
}

/** Another tenant's row and no row look the same. */
export const notFound = (what: string) => new AppError('NOT_FOUND', `No such ${what}`)
