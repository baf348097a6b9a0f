import { type Token, tokensOf } from './tokens.ts'

interface Place {
  /** Where it stands in the query. */
  from: number
  to: number
  text: string
}

/** A condition of the query: all of them must hold. */
export interface Condition extends Place {
  kind: 'condition'
  not: boolean
  /** Where it begins behind what denies it. */
  bare: number
  /** As it is written, without the colon; undefined where all fields are looked at. */
  field: string | undefined
  op: string
  value: string
}

export interface Pipe extends Place {
  kind: 'pipe'
  name: string
  fields: string[]
}

export type Part = Condition | Pipe

export const isGrouping = (part: Part) => part.kind === 'pipe' && /^(groupby|rare)$/.test(part.name)
/** Whether it makes something else than rows. */
export const isSummary = (part: Part) => part.kind === 'pipe' && /^(groupby|rare|count|timechart)$/.test(part.name)

/** The parts of a query in their order: what is joined by AND, each a part, then the pipes. */
export function partsOf(query: string): Part[] {
  const tokens = tokensOf(query)
  const firstPipe = tokens.findIndex(({ kind }) => kind === 'pipe')
  const filter = firstPipe < 0 ? tokens : tokens.slice(0, firstPipe)
  return [...conditionsOf(query, filter), ...pipesOf(query, firstPipe < 0 ? [] : tokens.slice(firstPipe))]
}

/** Words between the parts, which may be left out as well. */
const connectors = (query: string) => {
  const tokens = tokensOf(query)
  return isAlternative(query, tokens)
    ? []
    : atTop(query, tokens).filter((token) => token.kind === 'word' && textOf(query, token) === 'AND')
}

const textOf = (query: string, { from, to }: Pick<Token, 'from' | 'to'>) => query.slice(from, to)

function atTop(query: string, tokens: Token[]): Token[] {
  let depth = 0
  return tokens.filter((token) => {
    const paren = token.kind === 'paren' ? textOf(query, token) : ''
    if (paren === ')') depth = Math.max(0, depth - 1)
    const isTop = depth === 0
    if (paren === '(') depth++
    return isTop
  })
}

const isAlternative = (query: string, tokens: Token[]) =>
  atTop(query, tokens).some((token) => token.kind === 'word' && textOf(query, token) === 'OR')

function conditionsOf(query: string, tokens: Token[]): Condition[] {
  if (tokens.length === 0) return []
  if (isAlternative(query, tokens)) return [conditionOf(query, tokens)]
  const conditions: Condition[] = []
  let own: Token[] = []
  let depth = 0
  for (const token of tokens) {
    const text = textOf(query, token)
    if (token.kind === 'paren') depth = Math.max(0, depth + (text === '(' ? 1 : -1))
    if (depth === 0 && token.kind === 'word' && own.length === 0) continue
    own.push(token)
    const ends = token.kind === 'value' || token.kind === 'word' || (token.kind === 'paren' && text === ')')
    if (depth > 0 || !ends) continue
    conditions.push(conditionOf(query, own))
    own = []
  }
  return own.length > 0 ? [...conditions, conditionOf(query, own)] : conditions
}

function conditionOf(query: string, tokens: Token[]): Condition {
  const [from, to] = [tokens[0]!.from, tokens.at(-1)!.to]
  const place = { kind: 'condition' as const, from, to, text: query.slice(from, to) }
  if (isAlternative(query, tokens))
    return { ...place, bare: from, not: false, field: undefined, op: '', value: place.text }
  const denials = tokens.findIndex(({ kind }) => kind !== 'not')
  const [first = tokens[0]!, ...rest] = tokens.slice(Math.max(0, denials))
  const not = denials % 2 === 1
  const bare = first.from
  if (first.kind === 'paren') return { ...place, bare, not, field: undefined, op: '', value: query.slice(bare, to) }
  if (first.kind !== 'field') return { ...place, bare, not, field: undefined, ...valueOf(query.slice(bare, to)) }
  const field = query.slice(first.from, first.to - 1)
  return { ...place, bare, not, field, ...valueOf(rest.length > 0 ? query.slice(rest[0]!.from, to) : '') }
}

/** How a value is compared, and the value without the signs that say so. */
function valueOf(text: string): { op: string; value: string } {
  if (/^\*+$/.test(text)) return { op: 'is present', value: '' }
  const comparison = /^[<>]=?/.exec(text)?.[0]
  if (comparison) return { op: comparison, value: text.slice(comparison.length) }
  if (/^[[{]/.test(text)) return { op: 'within', value: text }
  if (/^\/.+\/$/.test(text) && !/^\/[^/\\]*\/[^/]/.test(text)) return { op: 'matches', value: text }
  if (/^"[^"\\]*"$/.test(text)) return { op: 'is', value: text.slice(1, -1) }
  return { op: /[*?]/.test(text.replaceAll(/"[^"]*"/g, '')) ? 'matches' : 'is', value: text }
}

function pipesOf(query: string, tokens: Token[]): Pipe[] {
  const pipes: Pipe[] = []
  for (const token of tokens) {
    const text = textOf(query, token)
    const last = pipes.at(-1)
    if (token.kind === 'pipe') {
      const { from, to } = token
      pipes.push({ kind: 'pipe', from, to, text, name: text.slice(1).trim(), fields: [] })
    } else if (last) {
      last.fields.push(text)
      last.to = token.to
      last.text = query.slice(last.from, last.to)
    }
  }
  return pipes
}

/** The query that is asked: what is off is blank, so that every other sign keeps its place. */
export function asked(query: string, off: number[], isLeftOut: (part: Part) => boolean = () => false): string {
  const parts = partsOf(query)
  const blanks: Pick<Place, 'from' | 'to'>[] = parts.filter((part, i) => off.includes(i) || isLeftOut(part))
  if (blanks.length === 0) return query
  return [...blanks, ...connectors(query)]
    .reduce((text, { from, to }) => text.slice(0, from) + ' '.repeat(to - from) + text.slice(to), query)
    .trimEnd()
}

export function withoutPart(query: string, part: Part): string {
  const before = query.slice(0, part.from).trimEnd()
  const after = query.slice(part.to).trimStart()
  const head = before.replace(/(?:^|\s+)AND$/, '')
  return head === '' ? after.replace(/^AND(?=\s)\s*/, '') : `${head} ${after}`.trimEnd()
}

/** The same with the condition denied, or no more. */
export function excluded(query: string, { from, to, bare, not, text, op }: Condition): string {
  const isBareGroup = op === '' && !text.slice(bare - from).startsWith('(')
  const positive = query.slice(bare, to)
  const turned = not ? positive : `NOT ${isBareGroup ? `(${positive})` : positive}`
  return query.slice(0, from) + turned + query.slice(to)
}

/** Groups by one more field. */
export function groupedBy(query: string, field: string): string {
  const summary = partsOf(query).find(isSummary)
  if (!summary || summary.kind !== 'pipe') return `${query.trimEnd()} | groupby ${field}`.trimStart()
  if (!isGrouping(summary)) return `${withoutPart(query, summary)} | groupby ${field}`.trimStart()
  if (summary.fields.includes(field)) return query
  return `${query.slice(0, summary.to)} ${field}${query.slice(summary.to)}`
}

/** The same pipe with other fields. */
export const groupedInstead = (query: string, { from, to, name }: Pipe, fields: string[]) =>
  `${query.slice(0, from)}| ${[name, ...fields].join(' ')}${query.slice(to)}`

/** The same parts that were off, by what they say, in another text. */
export function offIn(before: string, off: number[], after: string): number[] {
  const left = partsOf(before)
    .filter((_, i) => off.includes(i))
    .map(({ text }) => text)
  return partsOf(after).flatMap(({ text }, i) => {
    const at = left.indexOf(text)
    if (at < 0) return []
    left.splice(at, 1)
    return [i]
  })
}
