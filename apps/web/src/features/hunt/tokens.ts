/** What a piece of a query is, for its colour. What stands between two tokens is space. */
export type TokenKind = 'field' | 'value' | 'not' | 'word' | 'paren' | 'pipe' | 'name'

export interface Token {
  kind: TokenKind
  from: number
  to: number
}

/**
 * Splits a query into tokens by the rules of docs/search.md. It never fails: what can't be read is a value, for the server says
 * what is wrong with it.
 */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let afterField = false
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0] ?? ''
  }
  const add = (kind: TokenKind, length: number) => {
    tokens.push({ kind, from: at, to: at + length })
    at += length
    afterField = kind === 'field'
  }
  while (at < query.length) {
    const space = match(/\s+/y)
    if (space) {
      at += space.length
      afterField = false
    } else if (query[at] === '|') break
    else if (/[()]/.test(query[at]!)) add('paren', 1)
    else if (afterField) add('value', valueLength(query, at, true))
    else if (match(/(?:AND|OR)(?![^\s()|])/y)) add('word', match(/[A-Z]+/y).length)
    else if (match(/NOT(?![^\s("])|[-!](?!\d|\s|$)|!(?=\d)/y)) add('not', match(/NOT|[-!]/y).length)
    else if (match(/\+(?!\d|\s|$)/y)) add('word', 1)
    else {
      const field = fieldLength(query, at)
      if (field > 0) add('field', field)
      else add('value', valueLength(query, at, false))
    }
  }
  return [...tokens, ...pipeTokens(query, at)]
}

function pipeTokens(query: string, start: number): Token[] {
  const tokens: Token[] = []
  for (let at = start; at < query.length;) {
    const rest = query.slice(at)
    const space = /^[\s,]+/.exec(rest)?.[0].length ?? 0
    const pipe = /^\|\s*[a-z]*/.exec(rest)?.[0].length ?? 0
    const sign = rest.startsWith('-') ? 1 : 0
    const length = space || pipe || Math.max(1, sign + nameLength(query, at + sign))
    if (!space) tokens.push({ kind: pipe ? 'pipe' : 'name', from: at, to: at + length })
    at += length
  }
  return tokens
}

/** A quoted text with its quotes, to the end of the query when it is not closed. A backslash counts only before a quote. */
function quotedLength(query: string, start: number): number {
  for (let at = start + 1; at < query.length; at++) {
    let slashes = 0
    while (query[at + slashes] === '\\') slashes++
    at += slashes
    if (query[at] === '"' && slashes % 2 === 0) return at + 1 - start
  }
  return query.length - start
}

const nameRun = /(?:\\[^]|[^\s"\\:()|*?[\]{}<>=,])+/y

function nameLength(query: string, start: number): number {
  let at = start
  for (;;) {
    if (query[at] === '"' && query.includes('"', at + 1)) at += quotedLength(query, at)
    nameRun.lastIndex = at
    const run = nameRun.exec(query)?.[0].length ?? 0
    at += run
    if (run === 0 && query[at] !== '"') return at - start
    if (query[at] === '"' && !query.includes('"', at + 1)) return at - start
  }
}

const pair = '[0-9a-f]{2}'
const mac = new RegExp(`^${pair}(:${pair}){5}$`, 'i')
const ipv6 = /^(?=[^]*:[^]*:)[0-9a-f:.]+$/i

/** Addresses, URLs, paths with a drive and times have a colon and are values all the same. */
function fieldLength(query: string, start: number): number {
  const length = nameLength(query, start)
  if (length === 0 || query[start + length] !== ':') return 0
  const word = /^[^\s"()|]*/.exec(query.slice(start, start + 300))![0]
  const isDrive = /^[a-z]:\\/i.test(word)
  const isPlain = !/["\\]/.test(query.slice(start, start + length))
  if (!isPlain && !isDrive) return length + 1
  const isAddress = /^\d/.test(word) || (ipv6.test(word) && isWholeIPv6(word)) || mac.test(word)
  return isAddress || /^[a-z][a-z0-9+.-]*:\/\//i.test(word) || /^[a-z]:[\\/]/i.test(word) ? 0 : length + 1
}

const isWholeIPv6 = (word: string) => word.includes('::') || word.split(':').length === 8

const regex = /\/(?:\\.|[^\\/\n])+\/(?=[\s)|]|$)/y
const range = /[[{](?:"(?:[^"\\]|\\.)*"|[^"\]}])*[\]}]?/y

function valueLength(query: string, start: number, ofField: boolean): number {
  regex.lastIndex = start
  const expression = regex.exec(query)?.[0].length
  if (expression) return expression
  let at = start
  if (ofField) {
    range.lastIndex = start
    const brackets = range.exec(query)?.[0].length
    if (brackets) return brackets
    at += /^[<>]=?/.exec(query.slice(start, start + 2))?.[0].length ?? 0
  }
  while (at < query.length && !/[\s()|]/.test(query[at]!)) at += query[at] === '"' ? quotedLength(query, at) : 1
  return Math.max(1, at - start)
}
