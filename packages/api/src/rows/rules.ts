import { isIPv6 } from '../evidence/indicators.ts'
import { AppError } from '../errors.ts'

/** What a query asks for: all of it must hold for a row. */
export interface RowQuery {
  /** Exact values, each in any leaf of the row or inside one as an indicator. */
  values: string[]
  hosts: string[]
  sources: string[]
  collections: number[]
}

interface Token {
  text: string
  /** Where it begins in the query, from 0. */
  at: number
  quoted: boolean
  /** `host`, `source` or `collection` in front of a colon, as written. */
  field?: string
}

/** Says what the language can't do yet instead of answering something else. */
const unsupported = (what: string, position: number) =>
  new AppError('BAD_REQUEST', `${what} (at character ${position + 1})`, 'unsupported_query', { position })

const inQuotes = 'put it in double quotes to search for it as a value'

/**
 * Reads a query: words and "quoted values" are exact values anywhere in a row, `host:`, `source:` and `collection:` narrow it
 * down. Everything must hold; AND may stand between. Inside quotes a backslash is itself, as paths need it; only right before
 * a quote, as on a Windows command line, two of them are one, and one makes the quote a part of the value.
 */
export function parseQuery(query: string): RowQuery {
  const parsed: RowQuery = { values: [], hosts: [], sources: [], collections: [] }
  const tokens = tokensOf(query)
  for (const [i, token] of tokens.entries()) {
    if (!token.quoted && !token.field && token.text === 'AND') {
      if (i === 0 || i === tokens.length - 1 || tokens[i - 1]!.text === 'AND')
        throw unsupported('AND needs something on both sides', token.at)
    } else addToken(parsed, token)
  }
  return parsed
}

function addToken(parsed: RowQuery, token: Token) {
  const { text, at, field } = token
  if (!token.quoted) checkWord(token)
  if (text === '') throw unsupported('An empty value finds nothing', at)
  if (field === undefined) parsed.values.push(text)
  else if (field === 'host') parsed.hosts.push(text)
  else if (field === 'source') parsed.sources.push(text)
  else if (!/^[1-9]\d{0,14}$/.test(text)) throw unsupported('collection: takes the number of a collection', at)
  else parsed.collections.push(Number(text))
}

/** Signs that a later version of the language gives a meaning to must not be searched for as text today. */
function checkWord({ text, at }: Token) {
  if (text === 'OR' || text === 'NOT') throw unsupported(`${text} is not supported yet; ${inQuotes}`, at)
  const sign = /[*?()|]/.exec(text)
  if (sign) throw unsupported(`"${sign[0]}" is not supported yet; ${inQuotes}`, at + sign.index)
  if (/^[<>=![{~^]/.test(text)) throw unsupported(`"${text[0]}" is not supported yet; ${inQuotes}`, at)
  if (/^[-+]/.test(text) && !/^[-+]\d/.test(text))
    throw unsupported(`"${text[0]}" is not supported yet; ${inQuotes}`, at)
  if (/^\/.*\/$/.test(text)) throw unsupported(`Regular expressions are not supported yet; ${inQuotes}`, at)
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  const space = /\s*/y
  for (let at = skip(query, 0, space); at < query.length;) {
    const { token, end } = readToken(query, at)
    tokens.push(token)
    at = skip(query, end, space)
    if (at === end && at < query.length) throw unsupported('A space is missing here', at)
  }
  return tokens
}

function skip(query: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at
  pattern.exec(query)
  return pattern.lastIndex
}

const known = /(host|source|collection):/iy

function readToken(query: string, at: number): { token: Token; end: number } {
  known.lastIndex = at
  const field = known.exec(query)?.[1]?.toLowerCase()
  const start = field === undefined ? at : known.lastIndex
  if (query[start] === '"') {
    const { text, end } = readQuoted(query, start)
    return { token: { text, at: start, quoted: true, ...(field && { field }) }, end }
  }
  const end = skip(query, start, /[^\s"]*/y)
  const text = query.slice(start, end)
  if (field === undefined) checkColon(text, at)
  if (query[end] === '"') throw unsupported('A quote inside a word: put the whole value in quotes', end)
  return { token: { text, at: start, quoted: false, ...(field && { field }) }, end }
}

function readQuoted(query: string, start: number): { text: string; end: number } {
  let text = ''
  for (let at = start + 1; at < query.length;) {
    const slashes = skip(query, at, /\\*/y) - at
    at += slashes
    if (query[at] !== '"') {
      text += '\\'.repeat(slashes) + (query[at] ?? '')
      at++
      continue
    }
    text += '\\'.repeat(slashes >> 1)
    at++
    if (slashes % 2 === 0) return { text, end: at }
    text += '"'
  }
  throw unsupported('This quote is not closed', start)
}

/** Addresses, URLs and paths may have a colon; anything else with one reads like a field, which can't be asked for yet. */
function checkColon(text: string, at: number) {
  const colon = text.indexOf(':')
  if (colon < 0 || /^\d/.test(text) || isIPv6(text.toLowerCase())) return
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[a-z]:[\\/]/i.test(text)) return
  const message = `Fields other than host, source and collection can't be searched yet; if this is a value, ${inQuotes}`
  throw unsupported(message, at + colon)
}

export interface SourceOfCollection {
  collectionId: number
  sourceId: number
}

export interface RowName extends SourceOfCollection {
  row: number
}

/** `<collection>.<source>.<row>`; undefined for anything else. */
export function parseRowId(id: string): RowName | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})\.(\d{1,15})$/.exec(id)
  if (!match) return undefined
  const [collectionId, sourceId, row] = match.slice(1).map(Number)
  return { collectionId: collectionId!, sourceId: sourceId!, row: row! }
}

export const rowId = ({ collectionId, sourceId, row }: RowName) => `${collectionId}.${sourceId}.${row}`

/** A row's place in the order of results: newest first, then by name. */
export interface Place extends RowName {
  time: number
}

export const comparePlaces = (a: Place, b: Place) =>
  b.time - a.time || a.collectionId - b.collectionId || a.sourceId - b.sourceId || a.row - b.row

/** Where a page ended, and the count that the first page found, so that later ones need not count again. */
export interface Cursor {
  place: Place
  total: number
  totalIsExact: boolean
}

export const writeCursor = ({ place, total, totalIsExact }: Cursor) =>
  [place.time, place.collectionId, place.sourceId, place.row, total, totalIsExact ? 1 : 0].join('_')

export function readCursor(cursor: string): Cursor {
  const parts = cursor.split('_').map(Number)
  if (parts.length !== 6 || !parts.every(Number.isInteger))
    throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  const [time, collectionId, sourceId, row, total, exact] = parts as [number, number, number, number, number, number]
  return { place: { time, collectionId, sourceId, row }, total, totalIsExact: exact === 1 }
}

/** Microseconds since 1970 of an ISO time with any offset, its digits beyond milliseconds included. */
export function microsOfIso(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? ''
  const beyond = Number(fraction.padEnd(6, '0').slice(3, 6))
  return Date.parse(iso.replace(/\.\d+/, fraction === '' ? '' : `.${fraction.slice(0, 3)}`)) * 1000 + beyond
}
