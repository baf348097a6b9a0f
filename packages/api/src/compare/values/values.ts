import type { z } from 'zod'
import { notFound } from '../../errors.ts'
import type { Searcher } from '../../rows/rows.ts'
import { cellsOf, digest, keyText } from '../cells/cells.ts'
import { rowsOfSide, sampleOf, sideOf, toldOf } from '../compare.ts'
import type { newValuesInput } from '../input.ts'
import { chooseKey } from '../rules.ts'

/** So many different values are kept apart; those beyond are counted, and said to be left out. */
const mostValues = 100_000
const longestValue = 500

interface Value {
  values: (string | null)[]
  rows: number
  hosts: Set<number>
}

/** Values on the left that the right does not have, with their rows and hosts: what a hunt found that its baseline did not know. */
export async function newValues(searcher: Searcher, input: z.output<typeof newValuesInput>) {
  const started = performance.now()
  const left = await sideOf(searcher, input.left, input.sourceId)
  const right = await sideOf(searcher, input.right, input.sourceId)
  const source = [...left.held, ...right.held][0]?.source
  if (source === undefined) throw notFound('source of these')
  const sample = await sampleOf(searcher, [left, right])
  const fields = input.fields ?? chooseKey(source, sample)
  const known = new Set<string>()
  let rightRows = 0
  for await (const lines of rowsOfSide(searcher, right)) {
    rightRows += lines.length
    for (const { line } of lines) known.add(digest(keyText(cellsOf(line), fields)))
  }
  const found = new Map<string, Value>()
  const counted = { rows: 0, newRows: 0, beyond: 0 }
  for await (const lines of rowsOfSide(searcher, left)) {
    counted.rows += lines.length
    for (const { line, hostId } of lines) {
      const cells = cellsOf(line)
      const key = digest(keyText(cells, fields))
      if (known.has(key)) continue
      counted.newRows++
      const value = found.get(key)
      if (value) {
        value.rows++
        value.hosts.add(hostId)
      } else if (found.size === mostValues) counted.beyond++
      else found.set(key, { values: fields.map((name) => cut(cells.get(name))), rows: 1, hosts: new Set([hostId]) })
    }
  }
  const sign = input.order === 'most' ? -1 : 1
  const sorted = [...found.values()].sort(
    (a, b) => sign * (a.hosts.size - b.hosts.size || a.rows - b.rows) || (a.values.join() < b.values.join() ? -1 : 1),
  )
  return {
    source,
    sides: [toldOf(left, counted.rows), toldOf(right, rightRows)] as const,
    fields,
    columns: [...new Set(sample.flatMap((cells) => [...cells.keys()]))].slice(0, 2000),
    values: sorted
      .slice(input.offset, input.offset + input.limit)
      .map(({ values, rows, hosts }) => ({ values, rows, hosts: hosts.size })),
    total: found.size,
    newRows: counted.newRows,
    rowsLeftOut: counted.beyond,
    tookMs: Math.round(performance.now() - started),
  }
}

const cut = (text: string | undefined) =>
  text === undefined
    ? null
    : text.length > longestValue
      ? `${text.slice(0, longestValue).replace(/[\ud800-\udbff]$/, '')}…`
      : text
