import { AppError } from '../../errors.ts'
import { indicatorKinds, indicatorMatches, type IndicatorKind, type IndicatorMatch } from '../input.ts'
import { kindOf, refang } from '../recognise/rules.ts'
import type { CsvMapping, FileIndicator, ReadFile } from './file.ts'

const mostColumns = 1000

/** Cells of lines as RFC 4180 has them, each with the line that it begins on. Throws with the line of a quote that does not end. */
export function readCells(text: string, separator: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = []
  let [at, line] = [text.startsWith('\uFEFF') ? 1 : 0, 1]
  while (at < text.length) {
    const row = { line, cells: [] as string[] }
    for (;;) {
      let cell = ''
      if (text[at] === '"') {
        const start = line
        for (at++; ;) {
          const end = text.indexOf('"', at)
          if (end < 0) throw new AppError('BAD_REQUEST', `Line ${start}: a quote is opened and never closed`)
          const part = text.slice(at, end)
          line += part.split('\n').length - 1
          cell += part
          at = end + 1
          if (text[at] !== '"') break
          cell += '"'
          at++
        }
      }
      let end = at
      while (end < text.length && text[end] !== separator && text[end] !== '\n') end++
      cell += text.slice(at, end).replace(/\r$/, '')
      row.cells.push(cell)
      if (row.cells.length > mostColumns)
        throw new AppError('BAD_REQUEST', `Line ${row.line}: more than ${mostColumns} columns`)
      at = end + 1
      if (text[end] !== separator) break
    }
    line++
    if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row)
  }
  return rows
}

const named = {
  value: 'value',
  kind: 'kind',
  match: 'match',
  note: 'note',
  tags: 'tags',
  validFrom: 'valid_from',
  validUntil: 'valid_until',
}

const separatorOf = (text: string) => {
  const first = text.slice(0, 10_000).split('\n')[0]!
  return [',', ';', '\t'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best))
}

/** With a header; the mapping says which of its columns is what, and without one they are called as our own are. */
export function readCsv(text: string, mapping: CsvMapping | undefined): ReadFile {
  const [header, ...rows] = readCells(text, separatorOf(text))
  if (!header) return { indicators: [], others: [] }
  const columns = header.cells.map((cell) => cell.trim().toLowerCase())
  const placeOf = (name: string | undefined) => (name === undefined ? -1 : columns.indexOf(name.trim().toLowerCase()))
  const places = Object.fromEntries(
    Object.entries(named).map(([field, name]) => [field, placeOf(mapping ? mapping[field as keyof CsvMapping] : name)]),
  ) as Record<keyof typeof named, number>
  if (places.value < 0)
    throw new AppError('BAD_REQUEST', 'Line 1: say which column holds the values', undefined, { columns: header.cells })
  const indicators: FileIndicator[] = []
  const others: ReadFile['others'] = []
  for (const { line, cells } of rows) {
    const cell = (field: keyof typeof named) => cells[places[field]] ?? ''
    const match = (cell('match') || 'exact') as IndicatorMatch
    const value = match === 'exact' && places.match < 0 ? refang(cell('value')).trim() : cell('value')
    const given = cell('kind').trim().toLowerCase().replaceAll(/[ -]/g, '_')
    const kind = (given || kindOf(value) || 'other') as IndicatorKind
    // A line that is cut short may hold a cut value.
    if (
      value === '' ||
      cells.length < header.cells.length ||
      !indicatorKinds.includes(kind) ||
      !indicatorMatches.includes(match)
    )
      others.push({ at: `line ${line}`, text: cells.join(',').slice(0, 5000) })
    else
      indicators.push({
        kind,
        match,
        value,
        note: cell('note').slice(0, 5000),
        tags: cell('tags')
          .split('|')
          .map((tag) => tag.trim())
          .filter((tag) => tag !== '')
          .slice(0, 100),
        validFrom: timeOf(cell('validFrom')),
        validUntil: timeOf(cell('validUntil')),
        origin: {},
        at: `line ${line}`,
      })
  }
  return { indicators, others }
}

const timeOf = (text: string) => (text !== '' && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null)
const quoted = (text: string) => (/[",;\t\r\n]|^\uFEFF/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export function writeCsv(indicators: FileIndicator[]) {
  const lines = indicators.map(({ value, kind, match, note, tags, validFrom, validUntil }) =>
    [value, kind, match, note, tags.join('|'), validFrom ?? '', validUntil ?? ''].map(quoted).join(','),
  )
  return { text: [Object.values(named).join(','), ...lines, ''].join('\n'), left: [] as string[] }
}
