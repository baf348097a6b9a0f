import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { inScope } from '../../rows/queries.ts'

/** First keys of the fields of these sources, in the order in which the store met them. */
export async function keysOf(scope: ReadScope, sources: number[]): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select f.path::json ->> 0 as key from fields f
    where ${inScope(scope, 'f.tenant_id')} and f.source_id = any (${sources}::int[]) and strpos(f.path, '\\u') = 0
    group by 1 order by min(f.id)`.execute(scope.db)
  return rows.map(({ key }) => key)
}
