import type { z } from 'zod'
import { folded } from '../../evidence/terms.ts'
import { quoteValue, type completeInput } from '../input.ts'
import { builtins, marks } from '../language/ast.ts'
import { AppError } from '../../errors.ts'
import { parseField, parseQuery } from '../language/parse.ts'
import { indicatorsHit, tagsOf } from '../plan/marked.ts'
import { fieldPaths, sourcesOf, hostsOf } from '../naming/queries.ts'
import { type Searcher } from '../rows.ts'
import { stackOf } from './stack.ts'

/** What can stand at a place of a query: it replaces what is from `from` to the cursor. */
export interface Suggestion {
  insert: string
  /** For values: rows that have it. */
  rows?: number
}

type Wanted = z.output<typeof completeInput>

export async function complete(searcher: Searcher, { query, at, limit }: Wanted) {
  const before = query.slice(0, at)
  const value = /(?<=^|[\s(])((?:"(?:[^"\\]|\\.)*"|\\.|[^\s"():|\\])+):("[^"]*|[^\s"()|]*)$/.exec(before)
  if (value) {
    const [, field, begun] = value as unknown as [string, string, string]
    const suggestions = await values(searcher, query.slice(0, value.index), field, begun.replace(/^"/, ''), limit)
    return { from: at - begun.length, suggestions }
  }
  const word = /[^\s(|,]*$/.exec(before)![0].replace(/^[-+!]/, '')
  return { from: at - word.length, suggestions: await fields(searcher, word, limit) }
}

async function fields({ scope }: Searcher, begun: string, limit: number): Promise<Suggestion[]> {
  const part = folded(begun)
  const known = await fieldPaths(scope)
  const names = [...builtins, ...known.map((path) => path.map(writeKey).join('.'))]
  return [...new Set(names)]
    .filter((name) => folded(name.replaceAll('"', '')).includes(part.replaceAll('"', '')))
    .toSorted(
      (a, b) => Number(!folded(a).startsWith(part)) - Number(!folded(b).startsWith(part)) || a.length - b.length,
    )
    .slice(0, limit)
    .map((name) => ({ insert: `${name}:` }))
}

/** A key as a query writes it: in quotes where a sign in it means something. */
const writeKey = (key: string) => (/^[\w@$#%&;'äöüßéèà-]+$/i.test(key) && !/^\d/.test(key) ? key : quoteValue(key))

/** Values of a field among the rows that the query before it leaves, the most common first. */
async function values(searcher: Searcher, before: string, field: string, begun: string, limit: number) {
  const ref = parseField(field)
  if ('builtin' in ref) return builtinValues(searcher, ref.builtin, begun, limit)
  const pattern = begun === '' ? '' : ` ${field}:${quoteValue(begun)}*`
  const query = readable(`${before}${pattern}`, searcher.now) ?? parseQuery(pattern, searcher.now)
  const stack = await stackOf(searcher, query, { fields: [ref], order: 'most', limit }, { from: -9e18, to: 9e18 })
  return stack.values.map(({ values: [text], rows }): Suggestion => ({ insert: quoteValue(text ?? ''), rows }))
}

function readable(query: string, now: Date) {
  try {
    return parseQuery(query.replace(/(?:\b(?:AND|OR|NOT)\s*|[(\s])+$/, ''), now)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

async function builtinValues({ scope }: Searcher, name: string, begun: string, limit: number): Promise<Suggestion[]> {
  if (name === 'mark') return begunWith(marks, begun, limit)
  if (name === 'tag') return begunWith(await tagsOf(scope), begun, limit)
  if (name === 'indicator') {
    const found = await indicatorsHit(scope)
    return begunWith([...found.map(({ list }) => list), ...found.map(({ value }) => value)], begun, limit)
  }
  const hosts = ['host', 'os', 'label'].includes(name) ? await hostsOf(scope) : []
  const sources = name === 'source' || name === 'artifact' ? await sourcesOf(scope) : []
  const texts = [
    ...hosts.flatMap(({ hostname, os, labels }) => (name === 'host' ? hostname : name === 'os' ? (os ?? []) : labels)),
    ...sources.map((source) => (name === 'source' ? source.name : source.name.split('/')[0]!)),
  ]
  return begunWith(texts, begun, limit)
}

const begunWith = (texts: readonly string[], begun: string, limit: number): Suggestion[] =>
  [...new Set(texts)]
    .filter((text) => folded(text).includes(folded(begun)))
    .slice(0, limit)
    .map((text) => ({ insert: quoteValue(text) }))
