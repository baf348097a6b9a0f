import type { ReactNode } from 'react'
import type { Level } from './Severity.tsx'

export interface Column<T> {
  head: ReactNode
  cell: (row: T) => ReactNode
  num?: boolean
  width?: string | number
  wrap?: boolean
  /** Takes what the others leave, and is cut with … when that is little; its cell gives the whole in a title. */
  fill?: boolean
  /** For a column without a visible head. */
  label?: string
  /** Left out below 1360 px; the row's own page has it. */
  wide?: boolean
}

interface ListProps<T> {
  label: string
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T) => string | number
  edge?: ((row: T) => Level) | undefined
  /** Two lines a row. */
  two?: boolean
}

const classes = (...names: (string | false | undefined)[]) => names.filter(Boolean).join(' ') || undefined

/** A short list (hundreds of rows). Anything longer goes through a virtualised grid. */
export function List<T>({ label, rows, columns, rowKey, edge, two }: ListProps<T>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role -- what scrolls must be reached by key, and named
    <div className="scrollx" tabIndex={0} role="group" aria-label={`${label}, scrolls sideways`}>
      <table aria-label={label} className={classes('tbl', two && 'two')}>
        <thead>
          <tr>
            {columns.map((c, i) => (
              <th key={i} className={classes(c.num && 'num', c.wide && 'wide')} style={{ width: c.width }} scope="col">
                {c.head}
                {c.label && <span className="sr">{c.label}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={edge && `sev-${edge(row)}`}>
              {columns.map((c, i) => (
                <td
                  key={i}
                  className={classes(
                    c.num && 'num',
                    edge && i === 0 && 'edge',
                    c.wrap && 'w',
                    c.fill && 'fill',
                    c.wide && 'wide',
                  )}
                >
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
