import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** What may be written down of an error: nothing that a request or a row said. */
export interface Fault {
  type: string
  /** Of PostgreSQL and Node: what failed, and the constraint or table; else empty. */
  code: string
  message: string
  /** Places in the code, the innermost first. */
  stack: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))
const mostFrames = 20
const mostText = 300
/** Their messages quote what they could not read, also without quotation marks. */
const quoting = new Set(['SyntaxError', 'RangeError', 'URIError', 'ZodError'])

/**
 * PostgreSQL and Node say what failed by a code and quote data in the message, so of those only the code is kept, and
 * the constraint or table, which are names of ours. Of others the message, without what stands in quotation marks.
 */
export function faultOf(thrown: unknown): Fault {
  const error = innermost(thrown)
  if (!(error instanceof Error)) return { type: typeof error, code: '', message: 'not an error', stack: '' }
  const { code, severity, constraint, table } = error as Error & Record<string, unknown>
  const type = severity === undefined ? error.name : 'PostgreSQL'
  const stack = framesOf(error)
  if (typeof code === 'string') {
    const names = [code, constraint ?? table].filter((name) => typeof name === 'string')
    return { type, code: names.join(' ').slice(0, mostText), message: '', stack }
  }
  const message = quoting.has(type) ? '' : error.message.replace(/["'`].*["'`]/s, '…').slice(0, mostText)
  return { type, code: '', message, stack }
}

/** What was thrown first: an error around another one says only that something failed. */
function innermost(error: unknown, depth = 0): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && depth < 5 ? innermost(cause, depth + 1) : error
}

/** Of our own code, where it has a part: what libraries do below it is the same each time. The message stands before. */
function framesOf({ stack = '', message }: Error) {
  const frames = stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim().replaceAll('file://', '').replaceAll(root, ''))
  const own = frames.filter((frame) => !/node_modules|\(?node:/.test(frame))
  return [...new Set(own.length > 0 ? own : frames)].slice(0, mostFrames).join('\n')
}

/** The same for errors that look alike: route, kind, and the places nearest to it. Messages may differ without end. */
export const fingerprintOf = (route: string, { type, code, stack }: Fault) =>
  createHash('sha256')
    .update([route, type, code, ...stack.split('\n').slice(0, 3)].join('\n'))
    .digest('hex')
    .slice(0, 32)
