import type { Database } from '@velocicompanion/db'
import { followBlocks } from '../blocks/arriving/follow.ts'
import { inTenant } from '../scope.ts'
import { type Applying, applyRules } from './applying/apply.ts'
import {
  blocksGivenBack,
  noteRuledAgain,
  reconcile,
  tenantsDue,
  tenantsRuled,
  undoneActions,
} from './applying/queries.ts'

const origin = { job: 'benign rules' }
const blocksAtOnce = 100

/**
 * Keeps marks as the rules ask for them: begins and undoes actions (the queue of the marks does the rows that are stored), tries
 * the rules on blocks that arrive, and again on rows that an undo gave back.
 */
export function ruleRows(database: Database, services: Applying['services']) {
  const follow = followBlocks({
    database,
    now: services.now,
    table: 'ruled_blocks',
    tenants: () => tenantsRuled(database),
    work: (tenantId, ids, signal) => applyRules({ database, services, signal }, tenantId, ids),
  })
  return async (signal: AbortSignal) => {
    for (const tenantId of await tenantsDue(database))
      await inTenant(database.db, tenantId, reconcile, { origin, statementTimeout: 120_000 })
    await follow(signal)
    await ruleAgain({ database, services, signal })
  }
}

async function ruleAgain(applying: Applying) {
  const { database, signal } = applying
  for (const { tenantId, id } of await undoneActions(database)) {
    const blocks = await inTenant(database.db, tenantId, (scope) => blocksGivenBack(scope, id))
    for (let at = 0; at < blocks.length; at += blocksAtOnce) {
      if (signal.aborted) return
      await applyRules(applying, tenantId, blocks.slice(at, at + blocksAtOnce))
    }
    await inTenant(database.db, tenantId, (scope) => noteRuledAgain(scope, id), { origin })
  }
}
