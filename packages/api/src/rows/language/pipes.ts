import { type FieldRef, type Query, type SortKey, isTriage } from './ast.ts'
import { type Reading, badQuery, readFieldName, skipSpace, take } from './scan.ts'

type Pipes = Pick<Query, 'sort' | 'table' | 'view'>

const names = 'groupby, sortby, table, count, rare or timechart'
const mostFields = 8

/** Reads `| sortby -x | groupby a b`, to the end of the query. What counts or groups comes last. */
export function readPipes(reading: Reading): Pipes {
  const pipes: Pipes = { sort: [], table: [], view: { kind: 'rows' } }
  for (skipSpace(reading); reading.at < reading.query.length; skipSpace(reading)) {
    if (pipes.view.kind !== 'rows') throw badQuery('Nothing can follow a pipe that counts or groups', reading.at)
    if (take(reading, /\|/y) === '') throw badQuery('Expected | or the end of the query', reading.at)
    skipSpace(reading)
    const at = reading.at
    readPipe(reading, take(reading, /[a-z]+(?![^\s|])/y), at, pipes)
  }
  return pipes
}

function readPipe(reading: Reading, name: string, at: number, pipes: Pipes) {
  if (name === 'sortby') pipes.sort = readSort(reading, at)
  else if (name === 'table') pipes.table = some(readFields(reading, 50), 'table', at)
  else if (name === 'count') pipes.view = { kind: 'count' }
  else if (name === 'groupby' || name === 'rare') {
    const fields = some(readFields(reading, mostFields), name, at)
    checkGroups(fields, at)
    pipes.view = { kind: 'groups', fields, order: name === 'rare' ? 'fewest' : 'most' }
  } else if (name === 'timechart') {
    const [field] = readFields(reading, 1)
    pipes.view = { kind: 'chart', field }
  } else throw badQuery(`Expected ${names}`, at)
}

/** What people say of rows is kept apart from them: it is asked for, and neither grouped nor sorted by. */
function checkListed(field: FieldRef, at: number) {
  if (isTriage(field)) throw badQuery(`${field.builtin}: can be asked for, and not be listed, grouped or sorted by`, at)
}

/** Event times are as many as rows: what counts over them is a chart. */
function checkGroups(fields: FieldRef[], at: number) {
  if (fields.some((field) => 'builtin' in field && field.builtin === 'time'))
    throw badQuery('time can not be grouped by: use | timechart', at)
}

function some<T>(fields: T[], name: string, at: number): T[] {
  if (fields.length === 0) throw badQuery(`${name} needs the name of a field`, at)
  return fields
}

function readFields(reading: Reading, most: number): FieldRef[] {
  const fields: FieldRef[] = []
  for (take(reading, /[\s,]*/y); ; take(reading, /[\s,]*/y)) {
    const { at, query } = reading
    if (at >= query.length || query[at] === '|') return fields
    const field = readFieldName(reading)
    if (!field) throw badQuery('Expected the name of a field', at)
    checkListed(field, at)
    if (fields.push(field) > most) throw badQuery(`At most ${most} ${most === 1 ? 'field' : 'fields'} here`, at)
  }
}

function readSort(reading: Reading, at: number): SortKey[] {
  const keys: SortKey[] = []
  for (skipSpace(reading); reading.at < reading.query.length && reading.query[reading.at] !== '|'; skipSpace(reading)) {
    const descending = take(reading, /-/y) !== ''
    const start = reading.at
    const by = readFieldName(reading)
    if (!by) throw badQuery('Expected the name of a field', start)
    checkListed(by, start)
    if (keys.push({ by, descending }) > mostFields) throw badQuery(`At most ${mostFields} fields here`, start)
  }
  return some(keys, 'sortby', at)
}
