import type { Test } from '../language/ast.ts'

/** A text that stands inside of every value that passes; empty when none is known. */
export function literalOf(test: Test): string {
  if (test.kind === 'equals') return test.value
  if (test.kind === 'like') return longest(test.pieces.map((piece) => ('text' in piece ? piece.text : '')))
  return test.kind === 'regex' ? ofRegex(test.source) : ''
}

const longest = (texts: string[]) => texts.reduce((best, text) => (text.length > best.length ? text : best), '')

/**
 * Only from expressions without alternatives, groups and flags. Letters that other characters fold to (k and s: the Kelvin
 * sign, the long s) are no part of it, as the expression matches those too.
 */
function ofRegex(source: string): string {
  if (/[|()]|\\[QEpPx0-9]/.test(source)) return ''
  const plain = source
    .replaceAll(/\[\^?\]?(?:\\.|[^\]\\])*\](?:[*+?]\??|\{\d*,?\d*\}\??)?/g, '\n')
    .replaceAll(/(?:\\.|[^\\])(?:[*?]\??|\{\d*,?\d*\}\??)/g, '\n')
    .replaceAll(/\\([^A-Za-z0-9])/g, (_all, char: string) => (/[+.^$]/.test(char) ? '\n' : char))
    .replaceAll(/\\.|[.^$+]/g, '\n')
  return longest(plain.toLowerCase().split(/[^\x20-\x7e]|[ks]/))
}
