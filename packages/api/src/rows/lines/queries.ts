import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { bigintIn, bigintsIn, copied, intIn, intsIn, tenantIn, tuplesOf } from '../plan/copied.ts'
import { type BlockKey, inScope, type Run, runColumns } from '../queries.ts'
import type { SourceOfCollection } from '../rules.ts'

export interface FrameKey extends BlockKey {
  frame: number
}

/** Frames that are read at once, in bytes as they are stored. */
const mostAtOnce = 4_000_000

/** Frames of blocks, each only as many bytes as it has. */
export async function framesOf(scope: ReadScope, keys: FrameKey[]): Promise<Map<string, Buffer>> {
  const frames = new Map<string, Buffer>()
  for (let before = -1; frames.size < keys.length && frames.size > before;) {
    before = frames.size
    const { bytes, places } = await firstFrames(scope, keys.slice(frames.size))
    for (const { key, start, end } of places) frames.set(key, bytes.subarray(start, end))
  }
  return frames
}

/** The first of them, as many as are read at once; and which of their blocks are known to be damaged. */
export async function firstFrames(scope: ReadScope, keys: FrameKey[]) {
  const blocks = [...new Set(keys.map(({ blockId }) => blockId))]
  const [copy, damaged] = await copied(scope, [framesSelection(scope, keys), damagedSelection(scope, blocks)])
  return { ...framesIn(copy!), damaged: idsIn(damaged!) }
}

/** The frames of the run that holds a row, from its block's first one on, with the hash of what was delivered. */
export async function runWithRow(scope: ReadScope, { blockId, blockRow }: { blockId: number; blockRow: number }) {
  const [copy] = await copied(scope, [
    `select r.block_row, r.n, r.sha256, b.raw, b.frames from runs r join blocks b using (tenant_id, block_id)
     where ${tenantIn(scope, 'r.tenant_id')} and r.block_id = ${bigintIn(blockId)} and r.block_row <= ${intIn(blockRow)}
     order by r.block_row desc limit 1`,
  ])
  const [run] = tuplesOf(copy!, 5, (tuple) => ({
    first: tuple.int(0),
    n: tuple.int(1),
    sha256: tuple.bytes(2),
    raw: tuple.bytes(3),
    frames: tuple.ints(4),
  }))
  return run
}

const framesSelection = (scope: ReadScope, keys: FrameKey[]) => `
  select f.block_id, f.frame, substring(f.raw from f.start + 1 for f.size) as bytes from (
    select w.block_id, w.frame, b.raw, b.frames[w.frame + 1] as start, b.frames[w.frame + 2] - b.frames[w.frame + 1] as size,
      sum(b.frames[w.frame + 2] - b.frames[w.frame + 1]) over (order by w.place) as until, w.place
    from unnest(${intsIn(keys.map((k) => k.tenantId))}, ${bigintsIn(keys.map((k) => k.blockId))}, ${intsIn(keys.map((k) => k.frame))})
      with ordinality as w(tenant_id, block_id, frame, place)
    cross join lateral (select * from blocks x where x.tenant_id = w.tenant_id and x.block_id = w.block_id offset 0) b
    where ${tenantIn(scope, 'b.tenant_id')}) f
  where f.place = 1 or f.until <= ${mostAtOnce} order by f.place`

/** Collections whose lines are folded (evidence/folded.ts): their rows came inside other JSON. */
export async function foldedCollections(scope: ReadScope, ids: number[]): Promise<Set<number>> {
  const [copy] = await copied(scope, [foldedSelection(scope, ids)])
  return idsIn(copy!)
}

const foldedSelection = (scope: ReadScope, ids: number[]) =>
  `select id from collections where ${tenantIn(scope, 'tenant_id')} and kind in ('ingest', 'unnumbered', 'import') and id = any (${bigintsIn(ids)})`

const idsIn = (copy: Buffer) => new Set(tuplesOf(copy, 1, (tuple) => tuple.bigint(0)))

/** What rows are called: hostnames and names of sources by id. */
export async function namesOf(scope: ReadScope, hosts: number[], sources: number[]) {
  const [hostNames, sourceNames] = await copied(scope, namesSelections(scope, hosts, sources))
  return namesIn(hostNames!, sourceNames!)
}

const namesSelections = (scope: ReadScope, hosts: number[], sources: number[]) => [
  `select id, hostname from hosts where ${tenantIn(scope, 'tenant_id')} and id = any (${bigintsIn(hosts)})`,
  `select id::bigint, name from sources where ${tenantIn(scope, 'tenant_id')} and id = any (${intsIn(sources)})`,
]

function namesIn(hosts: Buffer, sources: Buffer) {
  const names = (copy: Buffer) => new Map(tuplesOf(copy, 2, (tuple) => [tuple.bigint(0), tuple.bytes(1).toString()]))
  return { hosts: names(hosts), sources: names(sources) }
}

export interface RowsWanted {
  hosts: number[]
  sources: number[]
  collections: number[]
  frames: FrameKey[]
}

const damagedSelection = (scope: ReadScope, blocks: number[]) =>
  `select block_id from damaged_blocks where ${tenantIn(scope, 'tenant_id')} and block_id = any (${bigintsIn(blocks)})`

/** What a page of rows is made of, in one round trip. The frames are one piece of memory. */
export async function pageParts(scope: ReadScope, { hosts, sources, collections, frames }: RowsWanted) {
  const blocks = [...new Set(frames.map(({ blockId }) => blockId))]
  const [hostNames, sourceNames, folded, damaged, copy] = await copied(scope, [
    ...namesSelections(scope, hosts, sources),
    foldedSelection(scope, collections),
    damagedSelection(scope, blocks),
    framesSelection(scope, frames),
  ])
  return {
    names: namesIn(hostNames!, sourceNames!),
    folded: idsIn(folded!),
    damaged: idsIn(damaged!),
    frames: framesIn(copy!),
  }
}

/** Where frames lie in a copy of them. */
function framesIn(copy: Buffer) {
  const places = tuplesOf(copy, 3, (tuple) => {
    const start = tuple.bytes(2).byteOffset - copy.byteOffset
    return { key: `${tuple.bigint(0)}.${tuple.int(1)}`, start, end: start + tuple.bytes(2).length }
  })
  return { bytes: copy, places }
}

/** Runs of one source of one collection that reach to `from` or beyond, in row order. */
export async function runsFrom(scope: ReadScope, name: SourceOfCollection, from: number, limit: number) {
  const { rows } = await sql<Run>`
    select ${runColumns} from tenants t
    cross join lateral (
      select * from runs r
      where r.tenant_id = t.id and r.collection_id = ${name.collectionId} and r.source_id = ${name.sourceId}
        and r.first_row >= coalesce((
          select max(p.first_row) from runs p
          where p.tenant_id = t.id and p.collection_id = ${name.collectionId} and p.source_id = ${name.sourceId} and p.first_row <= ${from}
        ), 0)
      order by r.first_row limit ${limit}
    ) r
    where ${inScope(scope, 't.id')}
    order by r.first_row
  `.execute(scope.db)
  return rows.filter((run) => run.firstRow + run.n > from)
}

/** How many rows of a source a collection holds; undefined when there is no such thing. */
export async function storedRows(scope: ReadScope, name: SourceOfCollection) {
  return scope.db
    .selectFrom('collectionSources')
    .select(['tenantId', 'rowsStored'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('collectionId', '=', name.collectionId)
    .where('sourceId', '=', name.sourceId)
    .executeTakeFirst()
}

/** Paths of a source's fields, in the order in which they were first seen. */
export async function fieldsOf(scope: ReadScope, sourceId: number): Promise<string[][]> {
  const rows = await scope.db
    .selectFrom('fields')
    .select('path')
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('sourceId', '=', sourceId)
    .orderBy('id')
    .execute()
  return rows.map((row) => JSON.parse(row.path) as string[])
}
