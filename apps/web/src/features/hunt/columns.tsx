import { writeField } from '@velocicompanion/api/rows/input'
import { Evidence } from '../../ui/evidence.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Cell } from '../rows/cells.tsx'
import { HitMark } from '../indicators/Marked.tsx'
import { MarkCell } from '../triage/Marks.tsx'
import type { GridColumn } from '../rows/columns.ts'
import { columnsOfPaths } from '../rows/fieldColumns.tsx'
import type { Row } from '../rows/RowDrawer.tsx'

const time: GridColumn<Row> = {
  id: 'time',
  name: 'Event time (UTC)',
  width: 226,
  cell: (row) => row.eventTime.replace('T', ' ').replace('Z', ''),
  value: (row) => row.eventTime,
  ours: true,
}

const triage: GridColumn<Row> = {
  id: 'triage',
  name: 'Triage',
  width: 130,
  cell: (row) => (
    <>
      <HitMark row={row.id} /> <MarkCell id={row.id} />
    </>
  ),
}

const tenant: GridColumn<Row> = {
  id: 'tenant',
  name: 'Tenant',
  width: 150,
  cell: (row) => <TenantName id={row.tenantId} />,
}

const host: GridColumn<Row> = {
  id: 'host',
  name: 'Host',
  width: 150,
  cell: (row) => <Cell value={row.host} />,
  value: (row) => row.host,
  field: 'host',
}

const source: GridColumn<Row> = {
  id: 'source',
  name: 'Source',
  width: 230,
  cell: (row) => <Cell value={row.source} />,
  value: (row) => row.source,
  field: 'source',
}

const isWhole = (row: Row) => new TextEncoder().encode(row.start).length >= row.bytes

const line: GridColumn<Row> = {
  id: 'data',
  name: 'Row',
  width: 1100,
  cell: (row) => <Evidence text={isWhole(row) ? row.start : `${row.start}…`} />,
}

/** The most paths that one source's rows are looked through for. */
const mostPaths = 300

interface Shape {
  rows: Row[]
  /** Names of the fields that the query names for a table or groups by, as it writes them. */
  first: string[]
  tenants: boolean
}

/** Fields of the rows' one source, those of the query first; of rows of several sources, each row as it was sent. */
export function columnsOf({ rows, first, tenants }: Shape): GridColumn<Row>[] {
  const head = [triage, time, ...(tenants ? [tenant] : []), host]
  const one = rows[0]?.sourceId
  const isMixed = rows.some(({ sourceId }) => sourceId !== one)
  const paths = isMixed && first.length === 0 ? [] : pathsOf(rows)
  const named = first.map((name) => paths.find((path) => isNamed(path, name))).filter((path) => path !== undefined)
  const others = isMixed ? [] : paths.filter((path) => !named.includes(path))
  const fields = columnsOfPaths([...named, ...others], rows)
  return isMixed ? [...head, source, ...fields, line] : [...head, ...fields, source, line]
}

const isNamed = (path: string[], name: string) =>
  writeField(path).toLowerCase() === name.toLowerCase() || path.join('.').toLowerCase() === name.toLowerCase()

/** Leaves of the rows in the order in which they were first seen. */
function pathsOf(rows: Row[]): string[][] {
  const found = new Map<string, string[]>()
  const walk = (value: unknown, path: string[]) => {
    if (found.size >= mostPaths) return
    if (typeof value !== 'object' || value === null || Array.isArray(value) || path.length > 4) {
      found.set(JSON.stringify(path), path)
      return
    }
    for (const [key, below] of Object.entries(value)) walk(below, [...path, key])
  }
  for (const row of rows)
    if (!row.omitted) for (const [key, value] of Object.entries(row.data ?? {})) walk(value, [key])
  return [...found.values()]
}
