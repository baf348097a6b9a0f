import { sql } from 'kysely'
import type { z } from 'zod'
import { AppError, notFound } from '../errors.ts'
import { parseQuery } from '../rows/language/parse.ts'
import { type Located, locate, readLines } from '../rows/lines/lines.ts'
import { inScope, type Run, runColumns } from '../rows/queries.ts'
import { look, planRows, type Searcher } from '../rows/rows.ts'
import { parseRowId, rowId } from '../rows/rules.ts'
import type { ReadScope } from '../scope.ts'
import type { treeInput } from './input.ts'
import { type Kind, kindOf, processNamedBy, processOf, type Told } from './processes.ts'
import { parentsOf } from './rules.ts'

/** A list of processes that a host sent. */
export interface Snapshot {
  /** Null for a log, which is read over all collections. */
  collectionId: number | null
  sourceId: number
  source: string
  kind: Kind
  rows: number
  /** When it was collected; of a log the newest. */
  at: Date
}

/** The lists of processes and logs of process creations that a host has, newest first. */
export async function listSnapshots(scope: ReadScope, hostId: number): Promise<Snapshot[]> {
  const host = await scope.db
    .selectFrom('hosts')
    .select('id')
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('id', '=', hostId)
    .executeTakeFirst()
  if (!host) throw notFound('host')
  const { rows } = await sql<{ collectionId: number; sourceId: number; source: string; rows: number; at: Date }>`
    select c.id as collection_id, cs.source_id, s.name as source, cs.rows_stored as rows, cs.updated_at as at
    from collections c
    join collection_sources cs on cs.tenant_id = c.tenant_id and cs.collection_id = c.id
    join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id
    where ${inScope(scope, 'c.tenant_id')} and c.host_id = ${hostId} and cs.rows_stored > 0 and exists (
      select from fields f where f.tenant_id = cs.tenant_id and f.source_id = cs.source_id
        and (lower(f.path) like '["%pid"]' or lower(f.path) like '["%processid"]'
          or lower(f.path) like '["eventdata","newprocessid"%' or lower(f.path) like '["eventdata","parentprocessid"%'))
    order by cs.updated_at desc, c.id desc, cs.source_id
  `.execute(scope.db)
  const kinds = await kindsOf(scope, [...new Set(rows.map(({ sourceId }) => sourceId))])
  const logs = new Map<number, Snapshot>()
  return rows.flatMap((row): Snapshot[] => {
    const kind = kinds.get(row.sourceId)
    if (!kind) return []
    if (kind === 'list') return [{ ...row, kind }]
    const log = logs.get(row.sourceId)
    if (log) {
      log.rows += row.rows
      return []
    }
    const first = { ...row, collectionId: null, kind }
    logs.set(row.sourceId, first)
    return [first]
  })
}

async function kindsOf(scope: ReadScope, sources: number[]): Promise<Map<number, Kind>> {
  const { rows } = await sql<{ sourceId: number; path: string }>`
    select source_id, path from fields f where ${inScope(scope, 'f.tenant_id')} and source_id = any (${sources}::int[])
  `.execute(scope.db)
  const kinds = new Map<number, Kind>()
  for (const [sourceId, fields] of Map.groupBy(rows, (row) => row.sourceId)) {
    const kind = kindOf(fields.map(({ path }) => JSON.parse(path) as string[]))
    if (kind) kinds.set(sourceId, kind)
  }
  return kinds
}

export interface Node extends Omit<Told, 'guid' | 'parentGuid' | 'start'> {
  /** The row that tells it. */
  row: string
  /** The place of its parent in the list; null at the top. */
  parent: number | null
  gone: ReturnType<typeof parentsOf>[number]['gone']
  uncertain: ReturnType<typeof parentsOf>[number]['uncertain']
}

/** All processes of one list with their parents, in the order of their start; where the row's process stands. */
export async function processTree(searcher: Searcher, input: z.output<typeof treeInput>) {
  const { scope } = searcher
  const snapshots = await listSnapshots(scope, input.hostId)
  const asked = input.row === undefined ? undefined : parseRowId(input.row)
  if (input.row !== undefined && !asked) throw notFound('row')
  const snapshot = chosen(snapshots, input, asked)
  if (!snapshot) {
    if (input.sourceId !== undefined) throw notFound('list of processes')
    return { snapshots, snapshot: null, nodes: [] as Node[], focus: null, told: 0 }
  }
  const located =
    snapshot.kind === 'list'
      ? await rowsOfList(scope, snapshot, input.hostId)
      : await rowsOfLog(searcher, snapshot, input.hostId)
  const found: { row: string; process: Told }[] = []
  for await (const { hit, made } of readLines(scope, located, (line) => toldBy(line, snapshot.kind)))
    if (made) found.push({ row: rowId(hit), process: made })
  const startOf = ({ process }: (typeof found)[number]) => process.start ?? -9e18
  found.sort((a, b) => startOf(a) - startOf(b))
  const placed = parentsOf(found.map(({ process }) => process))
  const nodes = found.map(({ row, process }, i): Node => {
    const { guid: _guid, parentGuid: _parentGuid, start: _start, ...shown } = process
    const { parent, gone, uncertain } = placed[i]!
    return { row, ...shown, parent: parent ?? null, gone, uncertain }
  })
  const at = nodes.findIndex(({ row }) => row === input.row)
  const named = at < 0 && input.row !== undefined ? await namedByRow(scope, input.row, input.hostId) : undefined
  const focus = at >= 0 ? at : holderOf(found, named)
  return { snapshots, snapshot, nodes, focus: focus < 0 ? null : focus, told: located.length }
}

/** The one that was asked for, else the row's own, else the newest list, else the newest log. */
function chosen(snapshots: Snapshot[], input: z.output<typeof treeInput>, row: ReturnType<typeof parseRowId>) {
  const { collectionId, sourceId } = input
  if (sourceId !== undefined)
    return snapshots.find((one) => one.sourceId === sourceId && one.collectionId === (collectionId ?? null))
  const own = snapshots.find(
    (one) => one.sourceId === row?.sourceId && (one.collectionId === null || one.collectionId === row.collectionId),
  )
  const beside = snapshots.find((one) => one.kind === 'list' && one.collectionId === row?.collectionId)
  return own ?? beside ?? snapshots.find(({ kind }) => kind === 'list') ?? snapshots[0]
}

/** More than so many are not shown at once: a browser could not hold them. */
const most = 200_000

async function rowsOfList(scope: ReadScope, snapshot: Snapshot, hostId: number): Promise<Located[]> {
  const { rows } = await sql<Run>`
    select ${runColumns} from runs r
    where ${inScope(scope, 'r.tenant_id')} and r.collection_id = ${snapshot.collectionId} and r.source_id = ${snapshot.sourceId} and r.host_id = ${hostId}
    order by r.first_row
  `.execute(scope.db)
  const located = locate(rows, 0, most + 1)
  if (located.length > most) throw tooMany()
  return located
}

const tooMany = () => new AppError('BAD_REQUEST', `This list has more than ${most} processes`, 'too_expensive')

/** The rows of a log that tell of new processes. */
async function rowsOfLog(searcher: Searcher, { sourceId }: Snapshot, hostId: number): Promise<Located[]> {
  const { filter, leaves } = parseQuery(
    'EventID:4688 OR System.EventID.Value:4688 OR System.EventID:4688 OR EventID:1 OR System.EventID.Value:1 OR System.EventID:1',
    searcher.now,
  )
  const collect = { kind: 'page' as const, size: most + 1, after: undefined }
  const plan = await planRows(searcher, { filter, leaves }, { from: -9e18, to: 9e18 }, collect)
  const blocks = plan.blocks.filter((block) => block.sourceId === sourceId)
  const { hits } = await look(searcher, { ...plan, blocks }, { finish: { kind: 'count' }, counts: false })
  if (hits.length > most) throw tooMany()
  return hits.filter((hit) => hit.hostId === hostId)
}

function namedIn(line: Buffer): Named {
  try {
    return processNamedBy(JSON.parse(line.toString()))
  } catch {
    return undefined // nested too deeply to be read
  }
}

/** A row that is no JSON object, or tells no process, is no line of the tree. */
function toldBy(line: Buffer, kind: Kind): Told | undefined {
  try {
    return processOf(JSON.parse(line.toString()), kind)
  } catch {
    return undefined // nested too deeply to be read
  }
}

type Named = ReturnType<typeof processNamedBy>

/** Who had the number at that time: of several in the order of their start, the last that had started. */
function holderOf(found: { process: Told }[], named: Named) {
  if (named?.pid === undefined) return -1
  const last = found.findLastIndex(({ process }) => process.pid === named.pid)
  const { start } = named
  if (start === undefined) return last
  const then = found.findLastIndex(({ process }) => process.pid === named.pid && (process.start ?? -9e18) <= start)
  return then >= 0 ? then : last
}

/** The process that another row speaks of, such as a connection's. */
async function namedByRow(scope: ReadScope, id: string, hostId: number): Promise<Named> {
  const name = parseRowId(id)!
  const { rows } = await sql<Run>`
    select ${runColumns} from runs r
    where ${inScope(scope, 'r.tenant_id')} and r.collection_id = ${name.collectionId} and r.source_id = ${name.sourceId} and r.host_id = ${hostId}
      and r.first_row <= ${name.row} and r.first_row + r.n > ${name.row}
  `.execute(scope.db)
  const located = locate(rows, name.row, 1)
  if (located.length === 0) throw notFound('row')
  for await (const { made } of readLines(scope, located, namedIn)) return made
  return undefined
}
