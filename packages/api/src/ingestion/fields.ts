import type { Database } from '@velocicompanion/db'
import type { Block } from '../evidence/prepare.ts'
import { inTenant } from '../scope.ts'

export interface FieldIds {
  /** The ids of every field of the blocks, by the JSON of its path; unknown ones are learned first. */
  of(source: { tenantId: number; sourceId: number }, blocks: Block[]): Promise<Map<string, number>>
}

const mostSources = 5000

/** Fields are learned in a transaction of their own: one that no row came to use does no harm. */
export function fieldIds(database: Database): FieldIds {
  const known = new Map<string, Map<string, number>>()
  return {
    async of({ tenantId, sourceId }, blocks) {
      const key = `${tenantId}/${sourceId}`
      let ids = known.get(key) ?? new Map<string, number>()
      const paths = new Set(
        blocks.flatMap((b) => b.columns.filter((c) => c.path.length > 0).map((c) => JSON.stringify(c.path))),
      )
      const missing = [...paths].filter((path) => !ids.has(path))
      if (missing.length > 0) {
        ids = await learn(database, tenantId, sourceId, missing)
        if (known.size >= mostSources) known.clear()
        known.set(key, ids)
      }
      return ids
    },
  }
}

const learn = (database: Database, tenantId: number, sourceId: number, paths: string[]) =>
  inTenant(database.db, tenantId, async ({ db }) => {
    // Two senders who learn the same fields take turns: ids tell the order in which fields were first seen, and a table shows it.
    await db
      .selectFrom('sources')
      .select('id')
      .where('tenantId', '=', tenantId)
      .where('id', '=', sourceId)
      .forNoKeyUpdate()
      .execute()
    await db
      .insertInto('fields')
      .values(paths.map((path) => ({ tenantId, sourceId, path })))
      .onConflict((oc) => oc.doNothing())
      .execute()
    const rows = await db
      .selectFrom('fields')
      .select(['id', 'path'])
      .where('tenantId', '=', tenantId)
      .where('sourceId', '=', sourceId)
      .execute()
    return new Map(rows.map(({ id, path }) => [path, id]))
  })
