import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { type NamedRows, sourceKey } from '../engine/evaluate.ts'
import { type Mark, marks } from '../language/ast.ts'
import { inScope } from '../queries.ts'

/** Rows with one of the marks. Those that are not marked are told by those that are. */
export async function rowsMarked(scope: ReadScope, wanted: readonly Mark[]): Promise<NamedRows> {
  const except = wanted.includes('unseen')
  const read = marks.filter((mark) => mark !== 'unseen' && wanted.includes(mark) !== except)
  const ranges = await rangesOf(scope, sql`row_marks where mark = any (${read}::row_mark[])`)
  return { of: 'rows', except, ranges }
}

/** Rows with a tag that fits. */
export async function rowsTagged(scope: ReadScope, fits: (tag: string) => boolean): Promise<NamedRows> {
  const tags = (await tagsOf(scope)).filter(fits)
  return { of: 'rows', except: false, ranges: await rangesOf(scope, sql`row_tags where tag = any (${tags}::text[])`) }
}

/** All tags that rows have. */
export async function tagsOf(scope: ReadScope): Promise<string[]> {
  const rows = await scope.db
    .selectFrom('rowTags')
    .select('tag')
    .distinct()
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .orderBy('tag')
    .execute()
  return rows.map(({ tag }) => tag)
}

interface RangesOfSource {
  collectionId: number
  sourceId: number
  /** Row numbers as a multirange, whose ranges end before their upper bound. */
  ranges: string
}

/** A multirange is short where neighbours are marked alike, as they are by a query or a rule. */
async function rangesOf(scope: ReadScope, from: ReturnType<typeof sql>): Promise<NamedRows['ranges']> {
  const { rows } = await sql<RangesOfSource>`
select collection_id, source_id, range_agg(int8range(row_number, row_number + 1))::text as ranges
from ${from} and ${inScope(scope, 'tenant_id')} group by 1, 2`.execute(scope.db)
  return new Map(
    rows.map(({ collectionId, sourceId, ranges }) => [
      sourceKey(collectionId, sourceId),
      Float64Array.from(ranges.match(/\d+/g) ?? [], Number),
    ]),
  )
}
