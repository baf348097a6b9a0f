import { isUtf8 } from 'node:buffer'
import { linesOf } from '../../evidence/frames.ts'
import { writeTime } from '../../evidence/times.ts'
import type { FieldRef } from '../../rows/language/ast.ts'
import type { ExportFormat } from '../input.ts'
import type { Notes } from '../rules.ts'
import { chosenFields, everyField, type Of, type Table } from './cells.ts'
import { csvHeader, csvRow } from './csv.ts'
import { parquetWriter } from './parquet.ts'

/** What is written: chosen columns, or all keys that the store knows. */
export interface Shape {
  format: ExportFormat
  columns: { chosen: FieldRef[]; names: string[] } | { keys: string[] }
  withTenant: boolean
}

/** Rows of a block that go into the file, and the frames that hold them. */
export interface RowsOfBlock {
  tenantId: number
  source: string
  sourceId: number
  /** Places in the block, ascending, and event times in microseconds. */
  rows: Uint32Array
  times: Float64Array
  /** Rows of one run follow one another: row `n` of the block is row `n + shift` of its source. */
  runs: { n: number; collectionId: number; shift: number; host: string; folded: boolean }[]
  frames: { first: number; bytes: Uint8Array }[]
}

const micros = (time: number) => {
  const seconds = Math.floor(time / 1e6)
  return writeTime({ seconds, nanos: Math.round(time - seconds * 1e6) * 1000, digits: 6 })
}

/** Visits each row's line and the run that it is of. */
function eachRow(block: RowsOfBlock, visit: (line: Buffer, i: number, run: RowsOfBlock['runs'][number]) => void) {
  let [run, left, frame] = [-1, 0, -1]
  let lines: Buffer[] = []
  for (const [i, row] of block.rows.entries()) {
    if (left === 0) left = block.runs[++run]!.n
    left--
    while (frame < 0 || row >= block.frames[frame]!.first + lines.length) lines = linesOf(block.frames[++frame]!.bytes)
    visit(lines[row - block.frames[frame]!.first]!, i, block.runs[run]!)
  }
}

const withoutReturn = (line: Buffer) => (line.at(-1) === 13 ? line.subarray(0, -1) : line)
const newline = Buffer.from('\n')

/** Turns rows into the bytes of a file. `finish` gives what stands behind the last row. */
export interface Writer {
  start(): Uint8Array
  write(blocks: RowsOfBlock[]): Uint8Array
  finish(): Uint8Array
  /** Of all rows so far. */
  notes: Notes
}

export function writerOf({ format, columns, withTenant }: Shape): Writer {
  const notes: Notes = {}
  if (format === 'jsonl') return linesWriter(notes)
  const table = 'keys' in columns ? everyField(columns.keys, withTenant) : chosenFields(columns.chosen, columns.names)
  return format === 'csv' ? csvWriter(table, notes) : columnsWriter(table, notes)
}

/** Each row's bytes as sent, and `\n`. */
function linesWriter(notes: Notes): Writer {
  return {
    notes,
    start: () => Buffer.alloc(0),
    write(blocks) {
      const parts: Buffer[] = []
      for (const block of blocks)
        eachRow(block, (line, _i, { folded }) => {
          const sent = withoutReturn(line)
          if (folded && sent.includes(13)) notes.joined = (notes.joined ?? 0) + 1
          parts.push(sent, newline)
        })
      return Buffer.concat(parts)
    },
    finish: () => Buffer.alloc(0),
  }
}

function csvWriter(table: Table, notes: Notes): Writer {
  return {
    notes,
    start: () => Buffer.from(csvHeader(table, notes)),
    write(blocks) {
      const parts: string[] = []
      eachCells(table, blocks, notes, (cells) => parts.push(csvRow(cells, notes)))
      return Buffer.from(parts.join(''))
    },
    finish: () => Buffer.alloc(0),
  }
}

function columnsWriter(table: Table, notes: Notes): Writer {
  const parquet = parquetWriter(table.names)
  return {
    notes,
    start: () => parquet.take(),
    write(blocks) {
      eachCells(table, blocks, notes, (cells) => parquet.add(cells))
      return parquet.take()
    },
    finish() {
      parquet.finish()
      return parquet.take()
    },
  }
}

function eachCells(table: Table, blocks: RowsOfBlock[], notes: Notes, add: (cells: (string | null)[]) => void) {
  for (const block of blocks)
    eachRow(block, (line, i, { collectionId, shift, host }) => {
      if (!isUtf8(line)) notes.notUtf8 = (notes.notUtf8 ?? 0) + 1
      const of: Of = {
        id: `${collectionId}.${block.sourceId}.${block.rows[i]! + shift}`,
        time: micros(block.times[i]!),
        host,
        source: block.source,
        collection: String(collectionId),
        tenant: String(block.tenantId),
      }
      add(table.cells(line.toString(), of, notes))
    })
}
