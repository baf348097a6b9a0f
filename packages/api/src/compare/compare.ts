import type { z } from 'zod'
import { notFound } from '../errors.ts'
import { rowId } from '../rows/rules.ts'
import type { Searcher } from '../rows/rows.ts'
import { type Cells, cellsOf, contentText, digest, keyText } from './cells/cells.ts'
import type { compareInput, Side } from './input.ts'
import { type Held, linesAt, linesOfSide, sourcesOfSide } from './queries.ts'
import { chooseKey, isVolatile, pair, type Pairs, type Told } from './rules.ts'

/** So many rows of a side are compared, and what is held of them is a few hundred bytes each. */
const mostRows = 100_000
const mostColumns = 2000
const sampleRows = 1000
const sampleBytes = 4_000_000
/** As much of a value as a list shows; the row has all of it. */
const longestCell = 500

interface SideOf {
  side: Side
  held: Held[]
}

/** What a page says of a side: what it is, and how much of it was read. */
interface SideTold {
  collections: number
  hosts: number
  /** Of the collection, where it is one. */
  collection: {
    id: number
    hostId: number
    hostname: string
    flowId: string
    creator: string | null
    createdAt: Date
  } | null
  description: string | null
  rows: number
  /** Rows that were compared: fewer than `rows` only where there are more than can be. */
  compared: number
}

export async function sideOf({ scope }: Searcher, side: Side, sourceId: number): Promise<SideOf> {
  const held = (await sourcesOfSide(scope, side)).filter((one) => one.sourceId === sourceId)
  return { side, held }
}

export const rowsOfSide = (searcher: Searcher, { side, held }: SideOf, most = mostRows) =>
  linesOfSide(searcher, held, side.kind === 'collection', most)

export function toldOf({ held }: SideOf, compared: number): SideTold {
  const [one] = held.length === 1 ? held : []
  const { collectionId: id, hostId, hostname, flowId, creator, createdAt } = one ?? {}
  return {
    collections: held.length,
    hosts: new Set(held.map((each) => each.hostId)).size,
    collection: one
      ? { id: id!, hostId: hostId!, hostname: hostname!, flowId: flowId!, creator: creator!, createdAt: createdAt! }
      : null,
    description: held[0]?.huntDescription ?? null,
    rows: held.reduce((sum, { rowsStored }) => sum + rowsStored, 0),
    compared,
  }
}

/** The first rows of both sides, as many as choosing a key needs. */
export async function sampleOf(searcher: Searcher, sides: SideOf[]): Promise<Cells[]> {
  const sample: Cells[] = []
  let bytes = 0
  for (const side of sides) {
    for await (const lines of rowsOfSide(searcher, side, sampleRows))
      for (const { line } of lines) {
        bytes += line.length
        if (bytes > sampleBytes) break
        sample.push(cellsOf(line))
      }
    bytes = 0
  }
  return sample
}

interface Read {
  told: Told[]
  places: { collectionId: number; row: number }[]
}

export async function compareRows(searcher: Searcher, input: z.output<typeof compareInput>, most = mostRows) {
  const started = performance.now()
  const sides = [
    await sideOf(searcher, input.left, input.sourceId),
    await sideOf(searcher, input.right, input.sourceId),
  ] as const
  const source = sides.flatMap(({ held }) => held)[0]?.source
  if (source === undefined) throw notFound('source of these')
  const sample = await sampleOf(searcher, [...sides])
  const key = input.key ?? chooseKey(source, sample)
  const columns = new Set(sample.flatMap((cells) => [...cells.keys()]))
  const ignore = input.ignore ?? [...columns].filter((name) => isVolatile(name) && !key.includes(name)).slice(0, 50)
  // Rows of many hosts are the same thing only on the same host.
  const byHost = sides.some(({ side }) => side.kind === 'hunt')
  const how = { key, leftOut: new Set([...key, ...ignore]), byHost, columns, most }
  const [left, right] = [await read(searcher, sides[0], how), await read(searcher, sides[1], how)]
  const pairs = pair(left.told, right.told)
  const rows = await shown(searcher, pairs, { left, right }, input, how)
  return {
    source,
    sides: [toldOf(sides[0], left.told.length), toldOf(sides[1], right.told.length)] as const,
    key,
    ignore,
    byHost,
    columns: [...columns].slice(0, mostColumns),
    columnsLeftOut: Math.max(0, columns.size - mostColumns),
    counts: {
      added: pairs.added.length,
      gone: pairs.gone.length,
      changed: pairs.changed.length,
      same: pairs.same,
      repeated: pairs.repeated,
    },
    rows,
    tookMs: Math.round(performance.now() - started),
  }
}

interface How {
  key: string[]
  leftOut: Set<string>
  byHost: boolean
  /** Filled while reading. */
  columns: Set<string>
  most: number
}

async function read(searcher: Searcher, side: SideOf, { key, leftOut, byHost, columns, most }: How): Promise<Read> {
  const found: Read = { told: [], places: [] }
  for await (const lines of rowsOfSide(searcher, side, most))
    for (const { collectionId, hostId, row, line } of lines) {
      const cells = cellsOf(line)
      if (columns.size <= mostColumns) for (const name of cells.keys()) columns.add(name)
      const host = byHost ? `${hostId}\u0000` : ''
      found.told.push({ key: digest(host + keyText(cells, key)), content: digest(contentText(cells, leftOut)) })
      found.places.push({ collectionId, row })
    }
  return found
}

interface ShownRow {
  /** Names of the rows; null on the side where there is none. */
  left: string | null
  right: string | null
  host: string
  /** Values as exact JSON, of the columns that are shown; those that differ and count are marked. */
  cells: { column: string; left: string | null; right: string | null; differs: boolean; key: boolean }[]
}

/** The rows of a page, read again: only their places were kept. */
async function shown(
  { scope }: Searcher,
  pairs: Pairs,
  { left, right }: { left: Read; right: Read },
  { show, offset, limit, sourceId }: Pick<z.output<typeof compareInput>, 'show' | 'offset' | 'limit' | 'sourceId'>,
  how: How,
): Promise<ShownRow[]> {
  const wanted: [number | undefined, number | undefined][] =
    show === 'changed'
      ? pairs.changed.slice(offset, offset + limit)
      : show === 'gone'
        ? pairs.gone.slice(offset, offset + limit).map((place) => [place, undefined])
        : pairs.added.slice(offset, offset + limit).map((place) => [undefined, place])
  const namesOf = (side: Read, i: 0 | 1) =>
    wanted.flatMap((one) => (one[i] === undefined ? [] : [side.places[one[i]]!]))
  const lines = await linesAt(scope, sourceId, [...namesOf(left, 0), ...namesOf(right, 1)])
  return wanted.map(([l, r]) => {
    const at = (side: Read, place: number | undefined) => {
      if (place === undefined) return undefined
      const name = { ...side.places[place]!, sourceId }
      return { id: rowId(name), ...lines.get(rowId(name))! }
    }
    const [one, other] = [at(left, l), at(right, r)]
    return {
      left: one?.id ?? null,
      right: other?.id ?? null,
      host: (other ?? one)!.host,
      cells: cellsShown(one && cellsOf(one.line), other && cellsOf(other.line), how),
    }
  })
}

function cellsShown(left: Cells | undefined, right: Cells | undefined, { key, leftOut }: How): ShownRow['cells'] {
  const names = new Set([...key, ...(left?.keys() ?? []), ...(right?.keys() ?? [])])
  const cut = (text: string | undefined) =>
    text === undefined
      ? null
      : text.length > longestCell
        ? `${text.slice(0, longestCell).replace(/[\ud800-\udbff]$/, '')}…`
        : text
  return [...names].slice(0, mostColumns).map((column) => {
    const [one, other] = [left?.get(column), right?.get(column)]
    const differs = left !== undefined && right !== undefined && one !== other && !leftOut.has(column)
    return { column, left: cut(one), right: cut(other), differs, key: key.includes(column) }
  })
}
