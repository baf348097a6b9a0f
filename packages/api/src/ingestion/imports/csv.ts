import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { maxLineBytes } from '../../evidence/prepare.ts'
import { ImportFault } from './fault.ts'

/** What becomes of a CSV's cells. The header and the cells have one character a byte of UTF-8, as the CSV is read. */
interface Reading {
  cellOf?: (cell: string) => string
  /** Members that stand behind those of the header, as `,"name":value`. */
  more?: (cells: string[]) => string
}

/**
 * A CSV as JSON lines, the header's names as keys. Bytes stay as they are: the text is read as single bytes (latin1) and
 * written so again. A cell that is JSON, as Velociraptor writes objects, lists, numbers and booleans, stands as that JSON
 * to the digit; any other cell is a string. An empty cell is an empty string.
 */
export async function* csvToLines(
  body: AsyncIterable<Uint8Array>,
  { cellOf = valueOf, more = () => '' }: Reading = {},
): AsyncGenerator<Uint8Array, void, void> {
  let header: string[] | undefined
  let lines: string[] = []
  let size = 0
  for await (const cells of recordsOf(inBytes(body))) {
    if (!header) header = cells.map(quoted)
    else {
      const line = rowOf(header, cells.map(cellOf), more(cells))
      lines.push(line)
      size += line.length
    }
    if (size < 200_000) continue
    yield Buffer.from(lines.join(''), 'latin1')
    ;[lines, size] = [[], 0]
  }
  if (lines.length > 0) yield Buffer.from(lines.join(''), 'latin1')
}

function rowOf(header: string[], cells: string[], more: string) {
  const members = cells.map((cell, i) => `${header[i] ?? quoted(`column ${i + 1}`)}:${cell}`)
  return `{${members.join(',')}${more}}\n`
}

/** The text of a cell that was read as single bytes. */
export const textOfCell = (cell: string) => Buffer.from(cell, 'latin1').toString('utf8')

/** The first records of a CSV whose start this is, as texts; one that is not whole is left out. */
export async function recordsAt(start: Uint8Array, whole: boolean, most: number): Promise<string[][]> {
  const records: string[][] = []
  const bytes = whole ? start : start.subarray(0, start.lastIndexOf(10) + 1)
  try {
    for await (const cells of recordsOf(inBytes(Readable.from([bytes])))) {
      records.push(cells.map(textOfCell))
      if (records.length === most) break
    }
  } catch (error) {
    // The last cell may be open where the start was cut.
    if (whole || !(error instanceof ImportFault)) throw error
  }
  return records
}

const escapes: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const quoted = (text: string) =>
  // oxlint-disable-next-line no-control-regex -- JSON escapes exactly these
  `"${text.replaceAll(/["\\\u0000-\u001f]/g, (c) => escapes[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`

/** A number that no tool would have written with another meaning, such as 0012 or 1e5. */
const plainNumber = /^-?(0|[1-9]\d*)(\.\d+)?$/

function valueOf(cell: string) {
  if (cell === 'true' || cell === 'false' || plainNumber.test(cell)) return cell
  if (!/^(\{.*\}|\[.*\]|".*")$/s.test(cell)) return quoted(cell)
  try {
    JSON.parse(cell)
    // A line end in JSON stands outside of its strings, and so does the white space behind it.
    return cell.replaceAll(/[\r\n][ \t\r\n]*/g, '')
  } catch {
    return quoted(cell)
  }
}

/** Velociraptor marks texts that a spreadsheet would read as a number by a space, as a formula by a tab. */
export const velociraptorValueOf = (cell: string) =>
  /^ [-+.\d]|^\t[=+\-@]/.test(cell) ? quoted(cell.slice(1)) : valueOf(cell)

/** Pieces of the text, one character a byte of UTF-8; UTF-16 by its mark. */
async function* inBytes(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let decoder: StringDecoder | undefined
  let first = true
  for await (const chunk of body) {
    let bytes = Buffer.from(chunk)
    if (first && bytes[0] === 0xff && bytes[1] === 0xfe) {
      decoder = new StringDecoder('utf16le')
      bytes = bytes.subarray(2)
    } else if (first && bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) bytes = bytes.subarray(3)
    first = false
    yield decoder ? Buffer.from(decoder.write(bytes), 'utf8').toString('latin1') : bytes.toString('latin1')
  }
}

/** The separator that the header uses most. */
function separatorOf(header: string) {
  const count = (separator: string) => header.split(separator).length
  return [',', ';', '\t'].toSorted((a, b) => count(b) - count(a))[0]!
}

async function* recordsOf(pieces: AsyncIterable<string>): AsyncGenerator<string[], void, void> {
  let held = ''
  let separator: string | undefined
  let row = 0
  for await (const piece of pieces) {
    held += piece
    if (separator === undefined) {
      if (!held.includes('\n') && held.length < maxLineBytes) continue
      separator = separatorOf(held.slice(0, held.indexOf('\n')))
    }
    let from = 0
    for (let next; (next = cutRecord(held, from, separator, false)); from = next.end) {
      row += 1
      if (!isBlank(next.cells)) yield next.cells
    }
    held = held.slice(from)
    if (held.length > maxLineBytes)
      throw new ImportFault(`Row ${row} of the CSV is larger than 16 MB: a quote is left open`)
  }
  separator ??= separatorOf(held)
  for (let from = 0; from < held.length;) {
    const next = cutRecord(held, from, separator, true)
    if (!next) throw new ImportFault('The CSV breaks off inside a quoted cell')
    from = next.end
    if (!isBlank(next.cells)) yield next.cells
  }
}

const isBlank = (cells: string[]) => cells.length === 1 && cells[0] === ''

/** The record from `from` on and where it ends; undefined while it is not whole. */
function cutRecord(text: string, from: number, separator: string, atEnd: boolean) {
  const cells: string[] = []
  let at = from
  for (;;) {
    let cell: string
    if (text[at] === '"') {
      const close = closingQuote(text, at, atEnd)
      if (close < 0) return undefined
      cell = text.slice(at + 1, close).replaceAll('""', '"')
      at = close + 1
      const more = endOfCell(text, at, separator)
      cell += text.slice(at, more)
      at = more
    } else {
      const end = endOfCell(text, at, separator)
      cell = text.slice(at, end)
      at = end
    }
    if (at >= text.length && !atEnd) return undefined
    const last = text[at] !== separator
    cells.push(last && cell.endsWith('\r') ? cell.slice(0, -1) : cell)
    at += 1
    if (last) return { cells, end: Math.min(at, text.length) }
  }
}

/** Where the quote closes that opens at `start`; -1 while that is not known. */
function closingQuote(text: string, start: number, atEnd: boolean) {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (at + 1 >= text.length) return atEnd ? at : -1
    if (text[at + 1] !== '"') return at
  }
  return -1
}

function endOfCell(text: string, from: number, separator: string) {
  let at = from
  while (at < text.length && text[at] !== '\n' && text[at] !== separator) at++
  return at
}
