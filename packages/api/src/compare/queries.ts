import { sql } from 'kysely'
import { linesOf, frameLines } from '../evidence/frames.ts'
import { notFound } from '../errors.ts'
import { framesOf } from '../rows/lines/queries.ts'
import { inScope, runColumns, type Run } from '../rows/queries.ts'
import { rowId } from '../rows/rules.ts'
import type { Searcher } from '../rows/rows.ts'
import type { ReadScope } from '../scope.ts'
import type { Side } from './input.ts'

/** A source in a collection of a side. */
export interface Held {
  collectionId: number
  hostId: number
  hostname: string
  flowId: string
  creator: string | null
  huntDescription: string | null
  createdAt: Date
  sourceId: number
  source: string
  rowsStored: number
}

const within = (side: Side) =>
  side.kind === 'collection'
    ? sql`c.id = ${side.id}`
    : side.kind === 'host'
      ? sql`c.host_id = ${side.id}`
      : sql`c.hunt_id = ${side.id}`

/** The sources of a side, each in its collections; of a host only in the newest that has it. */
export async function sourcesOfSide(scope: ReadScope, side: Side): Promise<Held[]> {
  const newest = side.kind === 'host' ? sql`distinct on (cs.source_id)` : sql``
  const order = side.kind === 'host' ? sql`cs.source_id, c.created_at desc, c.id desc` : sql`c.id, cs.source_id`
  const { rows } = await sql<Held>`
    select ${newest} c.id as collection_id, c.host_id, h.hostname, c.flow_id, c.creator, c.hunt_description, c.created_at,
      cs.source_id, s.name as source, (cs.rows_stored - coalesce(${numbered(side)}, 0))::bigint as rows_stored
    from collections c
    join hosts h on h.tenant_id = c.tenant_id and h.id = c.host_id
    join collection_sources cs on cs.tenant_id = c.tenant_id and cs.collection_id = c.id and cs.rows_stored > 0
    join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id
    where ${inScope(scope, 'c.tenant_id')} and ${within(side)}
    order by ${order}
  `.execute(scope.db)
  if (rows.length === 0) throw notFound(`${side.kind} with rows`)
  return rows
}

/** A numbered copy stands in for these rows, except where a collection is named. */
const numbered = (side: Side) => (side.kind === 'collection' ? sql`0` : sql`cs.rows_superseded`)

/** A row as it stands in its side. */
export interface Line {
  collectionId: number
  hostId: number
  row: number
  line: Buffer
}

const runsAtOnce = 8
const collectionsAtOnce = 200

/** The rows of a source in collections, one after the other, some at a time; at most so many. */
export async function* linesOfSide(
  searcher: Searcher,
  held: Held[],
  superseded: boolean,
  most: number,
): AsyncGenerator<Line[]> {
  let left = most
  for (let at = 0; at < held.length && left > 0; at += collectionsAtOnce) {
    const runs = await runsOfCollections(searcher.scope, held.slice(at, at + collectionsAtOnce), superseded)
    for (let next = 0; next < runs.length && left > 0; next += runsAtOnce) {
      searcher.signal?.throwIfAborted()
      for await (const lines of linesOfRuns(searcher.scope, runs.slice(next, next + runsAtOnce))) {
        yield lines.slice(0, left)
        left -= lines.length
        if (left <= 0) return
      }
    }
  }
}

async function runsOfCollections(scope: ReadScope, held: Held[], superseded: boolean): Promise<Run[]> {
  const { rows } = await sql<Run>`
    select ${runColumns} from runs r
    where ${inScope(scope, 'r.tenant_id')} and r.source_id = ${held[0]!.sourceId}
      and r.collection_id = any (${held.map(({ collectionId }) => collectionId)}::bigint[])
      and (${superseded} or not r.superseded)
    order by r.collection_id, r.first_row
  `.execute(scope.db)
  return rows
}

async function* linesOfRuns(scope: ReadScope, runs: Run[]): AsyncGenerator<Line[]> {
  const keys = runs.flatMap(({ tenantId, blockId, blockRow, n }) => {
    const [first, last] = [Math.floor(blockRow / frameLines), Math.floor((blockRow + n - 1) / frameLines)]
    return Array.from({ length: last - first + 1 }, (_, i) => ({ tenantId, blockId, frame: first + i }))
  })
  const unique = [...new Map(keys.map((key) => [`${key.blockId}.${key.frame}`, key])).values()]
  const frames = await framesOf(scope, unique)
  for (const { blockId, blockRow, n, collectionId, hostId, firstRow } of runs) {
    // Pages of others must not wait for all of it.
    await new Promise((done) => setImmediate(done))
    const rows: Line[] = []
    let lines: Buffer[] = []
    let opened = -1
    for (let i = 0; i < n; i++) {
      const at = blockRow + i
      const frame = Math.floor(at / frameLines)
      if (frame !== opened) lines = linesOf(frames.get(`${blockId}.${frame}`)!)
      opened = frame
      rows.push({ collectionId, hostId, row: firstRow + i, line: lines[at % frameLines]! })
    }
    yield rows
  }
}

/** Lines of rows by their names, with the host of each; the rows of a page. */
export async function linesAt(scope: ReadScope, sourceId: number, names: { collectionId: number; row: number }[]) {
  const { rows: runs } = await sql<Run & { row: number; hostname: string }>`
    select ${runColumns}, w.row, h.hostname
    from unnest(${names.map((name) => name.collectionId)}::bigint[], ${names.map((name) => name.row)}::bigint[]) as w(collection_id, row)
    join runs r on r.collection_id = w.collection_id and r.source_id = ${sourceId} and r.first_row <= w.row and r.first_row + r.n > w.row
    join hosts h on h.tenant_id = r.tenant_id and h.id = r.host_id
    where ${inScope(scope, 'r.tenant_id')} and ${inScope(scope, 'h.tenant_id')}
  `.execute(scope.db)
  const places = runs.map(({ tenantId, blockId, blockRow, firstRow, row }) => {
    const at = blockRow + row - firstRow
    return { tenantId, blockId, frame: Math.floor(at / frameLines), line: at % frameLines }
  })
  const frames = await framesOf(scope, [...new Map(places.map((p) => [`${p.blockId}.${p.frame}`, p])).values()])
  return new Map(
    runs.map(({ collectionId, row, hostname }, i) => {
      const { blockId, frame, line } = places[i]!
      const bytes = linesOf(frames.get(`${blockId}.${frame}`)!)[line]!
      return [rowId({ collectionId, sourceId, row }), { line: bytes, host: hostname }]
    }),
  )
}

/** What two sides can be compared by: each source with its rows on both. */
export async function commonSources(scope: ReadScope, { left, right }: { left: Side; right: Side }) {
  const sides = [await sourcesOfSide(scope, left), await sourcesOfSide(scope, right)] as const
  const rowsIn = (held: Held[], sourceId: number) =>
    held.reduce((sum, one) => (one.sourceId === sourceId ? sum + one.rowsStored : sum), 0)
  const names = new Map(sides.flat().map(({ sourceId, source }) => [sourceId, source]))
  const told = (held: Held[]) => ({
    hosts: new Set(held.map(({ hostId }) => hostId)).size,
    hostname: held[0]!.hostname,
    hostId: held[0]!.hostId,
    flowId: held[0]!.flowId,
    collections: new Set(held.map(({ collectionId }) => collectionId)).size,
    creator: held[0]!.creator,
    description: held[0]!.huntDescription,
  })
  return {
    sides: [told(sides[0]), told(sides[1])] as const,
    sources: [...names]
      .map(([id, name]) => ({ id, name, left: rowsIn(sides[0], id), right: rowsIn(sides[1], id) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
