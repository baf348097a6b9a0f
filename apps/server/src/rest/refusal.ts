import { AppError, type TRPCError } from '@velocicompanion/api'
import { snake } from './words.ts'

/** The statuses of the contract; a code that is not here is an internal error. */
const statusOf: Partial<Record<TRPCError['code'], number>> = {
  BAD_REQUEST: 400,
  PARSE_ERROR: 400,
  UNPROCESSABLE_CONTENT: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION_FAILED: 409,
  PAYLOAD_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  TIMEOUT: 503,
  SERVICE_UNAVAILABLE: 503,
}

interface Issue {
  path: PropertyKey[]
  message: string
}

/** What REST answers to an error that the caller is meant to read; undefined for one that must be masked. */
export function refusalOf(error: unknown): { status: number; detail: string } | undefined {
  const { code, cause } = error as { code?: TRPCError['code']; cause?: { issues?: Issue[] } }
  const issue = code === 'BAD_REQUEST' ? cause?.issues?.[0] : undefined
  if (issue) {
    const at = issue.path.map((key) => (typeof key === 'string' ? snake(key) : String(key))).join('.')
    return { status: 400, detail: at ? `${at}: ${issue.message}` : issue.message }
  }
  const known = error instanceof AppError ? error : cause instanceof AppError ? cause : undefined
  const status = known && statusOf[known.code]
  return status ? { status, detail: known.message } : undefined
}
