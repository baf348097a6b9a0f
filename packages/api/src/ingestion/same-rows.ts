import { createHash } from 'node:crypto'
import { linesOf } from '../evidence/frames.ts'
import type { TenantScope } from '../scope.ts'

/** Of larger sources nobody asks which rows are the same: both copies would have to be read for each piece that comes. */
export const mostCompared = 50_000

interface Place {
  collectionId: number
  sourceId: number
}

/**
 * Which runs of these deliveries hold nothing but rows that the numbered copy of their source has too. An uploader puts its columns
 * behind those of the row, the first of them `Artifact`; what it wrote in another way than the server stored it is not the same.
 */
export async function runsOfSameRows(scope: TenantScope, place: Place, deliveryIds: number[], copy: Place) {
  const sent = await runsOf(scope, place).where('r.deliveryId', 'in', deliveryIds).execute()
  if (sent.length === 0) return []
  const known = new Set<string>()
  for (const run of await runsOf(scope, copy).execute()) for (const line of linesIn(run)) known.add(hashOf(line))
  return sent.filter((run) => linesIn(run).every((line) => known.has(hashOf(withoutAdded(line)))))
}

const runsOf = ({ db, tenantId }: TenantScope, { collectionId, sourceId }: Place) =>
  db
    .selectFrom('runs as r')
    .innerJoin('blocks as b', (join) =>
      join.onRef('b.tenantId', '=', 'r.tenantId').onRef('b.blockId', '=', 'r.blockId'),
    )
    .select(['r.firstRow', 'r.n', 'r.blockRow', 'b.raw', 'b.frames'])
    .where('r.tenantId', '=', tenantId)
    .where('r.collectionId', '=', collectionId)
    .where('r.sourceId', '=', sourceId)
    .where('r.superseded', '=', false)

function linesIn({ raw, frames, blockRow, n }: { raw: Buffer; frames: number[]; blockRow: number; n: number }) {
  const all = frames.slice(1).flatMap((to, i) => linesOf(raw.subarray(frames[i], to)))
  return all.slice(blockRow, blockRow + n)
}

const hashOf = (line: Buffer) => createHash('sha256').update(line).digest('base64')

const added = Buffer.from('"Artifact":"')

function withoutAdded(line: Buffer) {
  const at = line.lastIndexOf(added)
  if (at < 1) return line
  return Buffer.concat([line.subarray(0, line[at - 1] === 44 ? at - 1 : at), Buffer.from('}')])
}
