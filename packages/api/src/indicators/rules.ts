import { createHash } from 'node:crypto'
import { folded, hashTerm, type TermSeed } from '../evidence/terms.ts'
import { AppError } from '../errors.ts'
import { networkOf } from '../rows/language/addresses.ts'
import type { Piece, Test } from '../rows/language/ast.ts'
import { compileRegex } from '../rows/language/regex.ts'
import type { IndicatorKind, IndicatorMatch } from './input.ts'

export interface Named {
  kind: IndicatorKind
  match: IndicatorMatch
  value: string
}

const longestRegex = 1000
const mostRepeats = 1000
const mostPieces = 64

/** What makes an indicator the same as another on its list, however it is written. */
export const keyOf = ({ kind, match, value }: Named) =>
  createHash('sha256')
    .update(`${kind}\n${match}\n${match === 'regex' ? value : folded(value)}`)
    .digest()
    .subarray(0, 16)

/** Whether blocks that hold it are found by its hash alone; others are tried on what a block holds. */
export const isExact = ({ kind, match }: Omit<Named, 'value'>) =>
  match === 'exact' && kind !== 'cidr' && kind !== 'file_name'

export const termFor = (named: Named, seed: TermSeed) => (isExact(named) ? hashTerm(folded(named.value), seed) : null)

/** `*` and `?` stand for others; a backslash is a character of paths, and is none of an escape. */
function piecesOf(value: string): Piece[] {
  return value
    .split(/([*?])/)
    .filter((part) => part !== '')
    .map((part) => (part === '*' || part === '?' ? { wild: part } : { text: folded(part) }))
}

/** What a value of a row must be to be a hit: one of these. */
export function testsOf({ kind, match, value }: Named): Test[] {
  if (match === 'regex') return [{ kind: 'regex', source: value }]
  if (match === 'wildcard') return [{ kind: 'like', pieces: piecesOf(value) }]
  const plain: Test = { kind: 'equals', value: folded(value) }
  if (kind === 'cidr') return [{ kind: 'network', ...networkOf(folded(value))! }]
  if (kind !== 'file_name') return [plain]
  // A name is also the end of a path.
  const ends = ['\\', '/'].map((slash): Test => ({
    kind: 'like',
    pieces: [{ wild: '*' }, { text: `${slash}${folded(value)}` }],
  }))
  return [plain, ...ends]
}

/** Throws BAD_REQUEST where a value can't be looked for. */
export function checkIndicator(named: Named) {
  const why = faultOf(named)
  if (why) throw new AppError('BAD_REQUEST', `“${named.value.slice(0, 100)}”: ${why}`)
}

/** Why a value can't be looked for; undefined when it can. */
export function faultOf({ kind, match, value }: Named): string | undefined {
  if (value.trim() === '') return 'an empty value finds nothing'
  if (value.includes('\0')) return 'a value can’t hold the character U+0000'
  if (match === 'regex') return regexFault(value)
  if (match === 'wildcard') {
    const pieces = piecesOf(value)
    if (pieces.length > mostPieces) return `a pattern may have ${mostPieces} parts at most`
    return pieces.some((piece) => 'text' in piece && piece.text.trim() !== '')
      ? undefined
      : 'a pattern of nothing but * and ? finds everything'
  }
  return kind === 'cidr' && !networkOf(folded(value)) ? 'not a network such as 10.0.0.0/8' : undefined
}

function regexFault(source: string): string | undefined {
  if (source.length > longestRegex) return `a regular expression may have ${longestRegex} characters at most`
  let repeats = 0
  for (const [, low, high] of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g))
    repeats += Math.max(Number(low), Number(high ?? 0))
  if (repeats > mostRepeats) return `a regular expression may repeat ${mostRepeats} times at most`
  try {
    if (compileRegex(source).test('')) return 'this regular expression also matches an empty value: it finds everything'
  } catch (error) {
    const why = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : ''
    return `not a regular expression that is understood here: ${why}`
  }
  return undefined
}
