import { isUtf8 } from 'node:buffer'
import { linesOf } from '../../evidence/frames.ts'
import { writeTime } from '../../evidence/times.ts'
import type { FieldRef } from '../../rows/language/ast.ts'
import type { ExportFormat } from '../input.ts'
import type { Notes } from '../rules.ts'
import { type Cell, cellsOfGroup, chosenFields, everyField, type GroupCell, type Of, type Table } from './cells.ts'
import { csvHeader, csvRow } from './csv.ts'
import { parquetWriter } from './parquet.ts'

/** What is written: chosen columns, or all keys that the store knows. */
export interface Shape {
  format: ExportFormat
  columns: { chosen: FieldRef[]; names: string[] } | { keys: string[] } | { groups: string[] }
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

/** What is written into a file: rows, or groups in their place. */
export type Content = { blocks: RowsOfBlock[] } | { groups: GroupCell[][] }

/** Turns rows into the bytes of a file. `finish` gives what stands behind the last row. */
export interface Writer {
  start(): Uint8Array
  write(content: Content): Uint8Array
  finish(): Uint8Array
  /** Of all rows so far. */
  notes: Notes
}

export function writerOf({ format, columns, withTenant }: Shape): Writer {
  const notes: Notes = {}
  if (format === 'jsonl') return linesWriter('groups' in columns ? columns.groups : [], notes)
  const table = tableOf(columns, withTenant)
  return format === 'csv' ? csvWriter(table, notes) : columnsWriter(table, notes)
}

function tableOf(columns: Shape['columns'], withTenant: boolean): Table {
  if ('keys' in columns) return everyField(columns.keys, withTenant)
  return 'groups' in columns ? { names: columns.groups, cells: () => [] } : chosenFields(columns.chosen, columns.names)
}

/** Each row's bytes as sent, and `\n`; a group as an object. */
function linesWriter(names: string[], notes: Notes): Writer {
  return {
    notes,
    start: () => Buffer.alloc(0),
    write(content) {
      if ('groups' in content) return Buffer.from(content.groups.map((cells) => objectOf(names, cells)).join(''))
      const { blocks } = content
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

const objectOf = (names: string[], cells: GroupCell[]) =>
  `{${names.map((name, i) => `${JSON.stringify(name)}:${JSON.stringify(cells[i])}`).join(',')}}\n`

function csvWriter(table: Table, notes: Notes): Writer {
  return {
    notes,
    start: () => Buffer.from(csvHeader(table, notes)),
    write(content) {
      const parts: string[] = []
      eachCells(table, content, notes, (cells) => parts.push(csvRow(cells, notes)))
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
    write(content) {
      eachCells(table, content, notes, (cells) => parquet.add(cells))
      return parquet.take()
    },
    finish() {
      parquet.finish()
      return parquet.take()
    },
  }
}

function eachCells(table: Table, content: Content, notes: Notes, add: (cells: Cell[]) => void) {
  if ('groups' in content) for (const cells of content.groups) add(cellsOfGroup(cells, notes))
  else for (const block of content.blocks) eachCellsOf(table, block, notes, add)
}

function eachCellsOf(table: Table, block: RowsOfBlock, notes: Notes, add: (cells: Cell[]) => void) {
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
