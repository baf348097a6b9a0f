import type { Database } from '@velocicompanion/db'
import { linesOf } from '../evidence/frames.ts'
import { inTenant } from '../scope.ts'
import type { Target } from './store.ts'

export interface Comparison {
  /** Rows that are stored or set aside already with the same bytes. */
  known: number
  /** Indexes of lines whose row number came before with other bytes. */
  conflicts: number[]
  /** Ranges of line indexes that are not there yet. */
  missing: { from: number; to: number }[]
}

/** Holds lines against what is stored under the same row numbers, byte by byte. */
export function compareStored(database: Database, t: Target, lines: Buffer[], firstRow: number): Promise<Comparison> {
  return inTenant(database.db, t.tenantId, async ({ db }) => {
    const end = firstRow + lines.length
    const stored = new Map<number, Buffer[]>()
    const note = (row: number, bytes: Buffer) => stored.set(row, [...(stored.get(row) ?? []), bytes])
    const runs = await db
      .selectFrom('runs as r')
      .innerJoin('blocks as b', (join) =>
        join.onRef('b.tenantId', '=', 'r.tenantId').onRef('b.blockId', '=', 'r.blockId'),
      )
      .select(['r.firstRow', 'r.n', 'r.blockRow', 'b.raw', 'b.frames'])
      .where('r.tenantId', '=', t.tenantId)
      .where('r.collectionId', '=', t.collectionId)
      .where('r.sourceId', '=', t.sourceId)
      .where('r.firstRow', '<', end)
      .where((eb) => eb(eb('r.firstRow', '+', eb.ref('r.n')), '>', firstRow))
      .execute()
    for (const { raw, frames, ...run } of runs) {
      const all = frames.slice(1).flatMap((to, i) => linesOf(raw.subarray(frames[i], to)))
      for (let i = 0; i < run.n; i++) note(run.firstRow + i, all[run.blockRow + i]!)
    }
    const aside = db
      .selectFrom('rejectedRows as r')
      .where('r.tenantId', '=', t.tenantId)
      .where('r.collectionId', '=', t.collectionId)
      .where('r.sourceId', '=', t.sourceId)
      .where('r.rowNumber', '>=', firstRow)
      .where('r.rowNumber', '<', end)
    for (const { rowNumber } of await aside.select('r.rowNumber').execute())
      if (!stored.has(rowNumber!)) stored.set(rowNumber!, [])
    // A line of another length has other bytes: none that is longer than what came is read.
    const sameLength = await aside
      .innerJoin('rejectedParts as p', (join) =>
        join.onRef('p.tenantId', '=', 'r.tenantId').onRef('p.rejectedId', '=', 'r.id'),
      )
      .select(['r.id', 'r.rowNumber', 'p.bytes'])
      .where('r.byteLength', 'in', [...new Set(lines.map((line) => line.length))])
      .orderBy('r.id')
      .orderBy('p.part')
      .execute()
    const parts = Map.groupBy(sameLength, (row) => row.id)
    for (const rows of parts.values()) note(rows[0]!.rowNumber!, Buffer.concat(rows.map((r) => r.bytes)))
    return compare(lines, firstRow, stored)
  })
}

function compare(lines: Buffer[], firstRow: number, stored: Map<number, Buffer[]>): Comparison {
  const result: Comparison = { known: 0, conflicts: [], missing: [] }
  lines.forEach((line, i) => {
    const before = stored.get(firstRow + i)
    const last = result.missing.at(-1)
    if (!before) {
      if (last?.to === i) last.to = i + 1
      else result.missing.push({ from: i, to: i + 1 })
    } else if (before.some((bytes) => bytes.equals(line))) result.known += 1
    else result.conflicts.push(i)
  })
  return result
}
