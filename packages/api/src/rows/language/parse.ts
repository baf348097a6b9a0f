import { type Builtin, type FieldRef, type Leaf, type Node, type Query, type Test, leavesOf, marks } from './ast.ts'
import { readPipes } from './pipes.ts'
import { type Reading, badQuery, endsHere, readField, readFieldName, skipSpace, take } from './scan.ts'
import { readRange, readSpan, readValue } from './values.ts'

const mostTerms = 1000
const deepest = 50

interface Parsing extends Reading {
  terms: number
  depth: number
  /** The field that a group's values are of: `Name:(a OR b)`. */
  group: FieldRef | undefined
}

/**
 * Reads a query (docs/search.md). Words and "quoted texts" are exact values anywhere in a row; `field:` narrows a value to a
 * field; AND, which may be left out, binds closer than OR. An error says what was expected and where.
 */
export function parseQuery(query: string, now: Date): Query {
  const parsing: Parsing = { query, at: 0, now, terms: 0, depth: 0, group: undefined }
  skipSpace(parsing)
  const empty = parsing.at >= query.length || query[parsing.at] === '|'
  const filter: Node = empty ? { kind: 'all' } : readOr(parsing)
  if (query[parsing.at] === ')') throw badQuery('This parenthesis was not opened', parsing.at)
  const pipes = readPipes(parsing)
  return { filter, leaves: [...leavesOf(filter)], ...pipes }
}

/** Reads the name of a field alone, as it stands in a list of fields. */
export function parseField(name: string): FieldRef {
  const reading: Reading = { query: name, at: 0, now: new Date(0) }
  const field = readFieldName(reading)
  if (!field || reading.at < name.length) throw badQuery('Expected the name of a field', reading.at)
  return field
}

const word = (reading: Reading, pattern: RegExp) => {
  pattern.lastIndex = reading.at
  return pattern.exec(reading.query)?.[0]
}

function readOr(parsing: Parsing): Node {
  const parts = [readAnd(parsing)]
  for (;;) {
    const at = parsing.at
    if (take(parsing, /OR(?![^\s()|])/y) === '') break
    skipSpace(parsing)
    parts.push(readAnd(parsing, { word: 'OR', at }))
  }
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
}

interface Operator {
  word: string
  at: number
}

function readAnd(parsing: Parsing, before?: Operator): Node {
  const parts = [readUnary(parsing, before)]
  for (;;) {
    skipSpace(parsing)
    const at = parsing.at
    const and = take(parsing, /AND(?![^\s()|])/y) !== ''
    skipSpace(parsing)
    if (!and && (parsing.at >= parsing.query.length || /[)|]/.test(parsing.query[parsing.at]!))) break
    if (!and && word(parsing, /OR(?![^\s()|])/y)) break
    if (!and && at === parsing.at && !/[\s(]/.test(parsing.query[at - 1] ?? ' '))
      throw badQuery('A space is missing here', at)
    parts.push(readUnary(parsing, and ? { word: 'AND', at } : undefined))
  }
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

/** Something that can hold or not; the operator before it is what needs it. */
function readUnary(parsing: Parsing, before?: Operator): Node {
  const { query, at } = parsing
  const operator = word(parsing, /(?:AND|OR)(?![^\s()|])/y)
  if (operator) throw badQuery(`${operator} needs something on both sides`, at)
  if (at >= query.length || /[)|]/.test(query[at]!)) {
    if (before)
      throw badQuery(
        `${before.word} needs something ${/^(AND|OR)$/.test(before.word) ? 'on both sides' : 'behind it'}`,
        before.at,
      )
    throw badQuery('Expected a value or a field', at)
  }
  const not = take(parsing, /NOT(?![^\s("])|[-!](?!\d|\s|$)|!(?=\d)/y)
  if (not !== '') {
    skipSpace(parsing)
    return { kind: 'not', part: deeper(parsing, at, () => readUnary(parsing, { word: not, at })) }
  }
  if (take(parsing, /\+(?!\d|\s|$)/y) !== '') return deeper(parsing, at, () => readUnary(parsing, { word: '+', at }))
  if (query[at] === '(') return readGroup(parsing)
  return readLeaf(parsing)
}

function deeper<T>(parsing: Parsing, at: number, read: () => T): T {
  if (++parsing.depth > deepest) throw badQuery(`A query may be nested ${deepest} deep at most`, at)
  const result = read()
  parsing.depth--
  return result
}

function readGroup(parsing: Parsing): Node {
  const start = parsing.at++
  return deeper(parsing, start, () => {
    skipSpace(parsing)
    const node = readOr(parsing)
    skipSpace(parsing)
    if (parsing.query[parsing.at] !== ')') throw badQuery('This parenthesis is not closed', start)
    parsing.at++
    return node
  })
}

function readLeaf(parsing: Parsing): Node {
  const at = parsing.at
  const field = readField(parsing)
  const on = field ?? parsing.group
  if (field && parsing.query[parsing.at] === '(') {
    const outer = parsing.group
    parsing.group = field
    const node = readGroup(parsing)
    parsing.group = outer
    return node
  }
  if (++parsing.terms > mostTerms)
    throw badQuery(`A query may have ${mostTerms} terms at most; use a sweep for long lists of values`, at)
  const test = on ? readTest(parsing, on) : readBare(parsing)
  if (!on && test.kind === 'present') return { kind: 'all' }
  return { kind: 'leaf', id: parsing.terms - 1, on, test, at, end: parsing.at } satisfies Leaf
}

/** Signs at the begin of a bare word that mean something elsewhere must not be searched for as text. */
function readBare(parsing: Parsing): Test {
  const { query, at } = parsing
  if (/[<>=[{]/.test(query[at]!)) throw badQuery(`Expected a field before "${query[at]}", as in Size:>10`, at)
  if (/[~^]/.test(query[at]!) || (/[-+!]/.test(query[at]!) && !/\d/.test(query[at + 1] ?? '')))
    throw badQuery(`"${query[at]}" has no meaning here; put it in double quotes to search for it as a value`, at)
  const test = readValue(parsing)
  if (test.kind === 'equals' && test.value === '') throw badQuery('An empty value finds nothing', at)
  return test
}

function readTest(parsing: Parsing, on: FieldRef): Test {
  const at = parsing.at
  const time = 'builtin' in on && on.builtin === 'time'
  const range = readRange(parsing, time)
  const test = range ?? (time ? readSpan(parsing) : undefined) ?? readValue(parsing)
  if (!endsHere(parsing)) throw badQuery('A space is missing here', parsing.at)
  if ('builtin' in on) checkBuiltin(on.builtin, test, at)
  return test
}

function checkBuiltin(name: Builtin, test: Test, at: number) {
  if (test.kind === 'present') return
  if (name === 'time') {
    if (test.kind !== 'range') throw badQuery('time: takes a date, a comparison or a range of dates', at)
  } else if (test.kind === 'equals' && test.value === '') throw badQuery('An empty value finds nothing', at)
  else if (name === 'mark' && test.kind === 'equals' && !marks.some((mark) => mark === test.value))
    throw badQuery(`mark: takes one of ${marks.join(', ')}`, at)
  else if (name === 'benign' && (test.kind !== 'equals' || !/^[1-9]\d{0,14}$/.test(test.value)))
    throw badQuery('benign: takes the number of a rule, or *', at)
  else if (name === 'collection' && (test.kind !== 'equals' || !/^[1-9]\d{0,14}$/.test(test.value)))
    throw badQuery('collection: takes the number of a collection', at)
  else if (test.kind === 'range' || test.kind === 'network')
    throw badQuery(`${name}: takes a name, with * and ? or as a /regular expression/`, at)
}
