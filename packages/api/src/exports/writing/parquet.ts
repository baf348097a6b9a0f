import { constants, zstdCompressSync } from 'node:zlib'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Cell } from './cells.ts'

/** A row group ends at so many characters or rows: it is what a reader, and this writer, holds at once. */
const groupChars = 4_000_000
const groupRows = 50_000

const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/** Every column is text that may be absent, so that no reader rounds a number. */
const schemaOf = (names: string[]) => [
  { name: 'rows', num_children: names.length },
  ...names.map(
    (name) =>
      ({
        name,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        logical_type: { type: 'STRING' },
        repetition_type: 'OPTIONAL',
      }) as const,
  ),
]

/** Writes a Parquet file piece by piece: what is not yet taken is all that it holds, beside the place of each row group. */
export function parquetWriter(names: string[]) {
  const writer = new ByteWriter()
  const parquet = new ParquetWriter({
    writer,
    schema: schemaOf(names),
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes, { params }) },
    statistics: false,
    createdBy: 'VelociCompanion',
  })
  let columns: Cell[][] = names.map(() => [])
  let [rows, chars] = [0, 0]
  const endGroup = () => {
    if (rows === 0) return
    const columnData = names.map((name, i) => ({ name, data: columns[i]!, offsetIndex: false }))
    void parquet.write({ columnData, rowGroupSize: rows })
    columns = names.map(() => [])
    ;[rows, chars] = [0, 0]
  }
  return {
    add(cells: Cell[]) {
      for (const [i, cell] of cells.entries()) {
        columns[i]!.push(cell)
        chars += cell?.length ?? 0
      }
      if (++rows >= groupRows || chars + rows * names.length >= groupChars) endGroup()
    },
    finish() {
      endGroup()
      void parquet.finish()
    },
    /** The bytes since the last time. */
    take(): Uint8Array {
      const bytes = writer.getBytes().slice()
      writer.index = 0
      return bytes
    },
  }
}
