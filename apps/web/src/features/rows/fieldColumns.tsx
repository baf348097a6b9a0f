import { writeField } from '@velocicompanion/api/rows/input'
import { visible } from '../../ui/evidence.tsx'
import { askedFor, textOf } from './asked.ts'
import { Cell, Omitted, valueAt } from './cells.tsx'
import type { GridColumn } from './columns.ts'
import type { Row } from './RowDrawer.tsx'

/** A dot inside a name is marked, so that no two paths have one id. */
const idOf = (path: string[]) => path.map((key) => key.replaceAll(/[\\.]/g, String.raw`\$&`)).join('.')

const charWidth = 7.9
const padding = 22

/** As wide as the first rows need, within reason. */
const widthOf = (texts: string[]) => {
  const longest = Math.max(...texts.map((text) => text.length))
  return Math.max(72, Math.min(380, Math.ceil(longest * charWidth) + padding))
}

const valueOf = (row: Row, path: string[]) => (row.omitted ? undefined : valueAt(row.data, path))
const lengthAs = (value: unknown) => {
  const asked = askedFor(value)
  return asked ? textOf(asked.asked) || 'not present' : JSON.stringify(value).slice(0, 300)
}

/** A column of each path, sized by the first rows. */
export function columnsOfPaths(paths: string[][], sample: Row[]): GridColumn<Row>[] {
  return paths.map((path) => {
    const name = visible(path.join('.'))
    const field = writeField(path)
    return {
      id: idOf(path),
      name,
      width: widthOf([name, ...sample.slice(0, 50).map((row) => lengthAs(valueOf(row, path)))]),
      sortBy: field,
      has: (row) => valueOf(row, path) !== undefined,
      cell: (row) => (row.omitted ? <Omitted why={row.omitted} /> : <Cell value={valueOf(row, path)} row={row.id} />),
      asked: (row) => {
        const found = row.omitted ? undefined : askedFor(valueOf(row, path))
        return found && { field, name, value: found.asked, row, path }
      },
    }
  })
}

const enough = 5
const huge = 400
const mostAtFirst = 12

/** What says where a row belongs is never left out. */
const always = new Set(['#', 'triage', 'time', 'tenant', 'host'])

/**
 * The columns worth a first look: those that tell rows apart, and are not so long that nothing else has room. Undefined where all
 * are: that few rows agree says little, and rows of several sources are told apart by other things.
 */
export function tellingColumns(columns: GridColumn<Row>[], rows: Row[]): string[] | undefined {
  const some = rows.slice(0, 200)
  if (some.length < enough || some.some(({ sourceId }) => sourceId !== some[0]!.sourceId)) return undefined
  const tells = ({ id, asked }: GridColumn<Row>) => {
    if (always.has(id)) return true
    const found = some.map((row) => asked?.(row))
    const texts = found.map((one) => one && (one.value === undefined ? 'not present' : textOf(one.value)))
    const values = texts.filter((text) => text !== undefined)
    if (values.length === 0 || new Set(texts).size < 2) return false
    return values.reduce((sum, text) => sum + text.length, 0) / values.length <= huge
  }
  const ids = columns.filter(tells).map(({ id }) => id)
  return ids.some((id) => !always.has(id)) ? ids.slice(0, mostAtFirst) : undefined
}
