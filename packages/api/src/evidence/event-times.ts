import type { Building } from './block.ts'
import type { Cell } from './columns.ts'
import { ABSENT, type Column, type Field, NUMBERS, TYPED, firstCode } from './fields.ts'
import { eventTimePaths, microsOf, microsOfNumber, microsOfText } from './times.ts'

/** When each row happened, in microseconds since 1970: the best of the well-known fields that the row has, else `receivedAt` of the row. */
export function eventTimes(block: Building, n: number, receivedAt: (row: number) => number): Float64Array {
  const times = new Float64Array(n).fill(NaN)
  let missing = n
  for (const path of eventTimePaths) {
    if (missing === 0) break
    const column = columnAt(block, path)
    if (column) missing -= fill(times, column, n)
  }
  for (let row = 0; row < n; row++) if (Number.isNaN(times[row])) times[row] = receivedAt(row)
  return times
}

function columnAt(block: Building, path: string[]): Column | undefined {
  let field: Field | undefined = block.tree.root
  for (const key of path) field = field?.children.get(key)
  return field?.block === block.number ? field.column : undefined
}

function fill(times: Float64Array, column: Column, n: number): number {
  const byCode = column.strings.values.map((value) => microsOfCell(value as Cell))
  let filled = 0
  for (let row = 0; row < n; row++) {
    const code = column.codes[row]!
    if (code === ABSENT || !Number.isNaN(times[row])) continue
    const micros = code === TYPED ? typedMicros(column, row) : byCode[code - firstCode]
    if (micros === undefined) continue
    times[row] = micros
    filled++
  }
  return filled
}

function typedMicros(column: Column, row: number): number | undefined {
  if (column.typed === NUMBERS) return microsOfNumber(column.numbers[row]!)
  return microsOf({ seconds: column.numbers[row]!, nanos: column.nanos[row]!, digits: 0 })
}

/** Of a list (LastRunTimes) the first counts, as does the first of a repeated key. */
function microsOfCell(cell: Cell): number | undefined {
  if (typeof cell === 'string') return microsOfText(cell)
  if (typeof cell !== 'object' || cell === null) return undefined
  if ('number' in cell) return microsOfNumber(Number(cell.number))
  if ('several' in cell) return microsOfJson(cell.several[0]!)
  if ('json' in cell) {
    const first = cell.json.startsWith('[') ? (JSON.parse(cell.json) as unknown[])[0] : undefined
    return first === undefined ? undefined : microsOfJson(JSON.stringify(first))
  }
  return undefined
}

function microsOfJson(json: string): number | undefined {
  const value: unknown = JSON.parse(json)
  if (typeof value === 'number') return microsOfNumber(value)
  return typeof value === 'string' ? microsOfText(value) : undefined
}
