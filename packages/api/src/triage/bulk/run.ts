import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { AppError } from '../../errors.ts'
import { notify } from '../../notifications/queries.ts'
import { may } from '../../permissions.ts'
import { boundsOf } from '../../rows/answers/bounds.ts'
import { type Actor, inTenant, type TenantScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { change, lockTriage, storedAmong } from '../marks/queries.ts'
import { undoSome } from '../queries.ts'
import { rowsOf } from '../rules.ts'
import { askerOf, noting, type Taken } from './queries.ts'
import { planAll, wavesOf } from './waves.ts'

export interface Running {
  database: Database
  services: Pick<Services, 'searches'>
  signal: AbortSignal
}

/** Rows changed in one transaction: others who mark wait for no more. */
const rowsAtOnce = 5000

/** Undoes, or does what was asked to all rows of its query, in one snapshot of them. What was done before a kill is not done again. */
export async function runAction(running: Running, taken: Taken) {
  if (taken.state === 'undoing') return undo(running, taken)
  // A rule holds for as long as it is not ended, whoever made it.
  const actor = taken.kind === 'rule' ? undefined : await askerOf(running.database, taken)
  if (taken.kind !== 'rule') mustMay(actor, taken)
  return inTenant(running.database.db, taken.tenantId, (scope) => markAll(running, taken, scope), {
    actor,
    origin: { job: 'triage' },
    snapshot: true,
    statementTimeout: 120_000,
  })
}

function mustMay(actor: Actor | undefined, taken: Taken) {
  if (
    !actor ||
    !may(actor.role, 'triage:work') ||
    (actor.tenantId !== taken.tenantId && !may(actor.role, 'tenant:every'))
  )
    throw new AppError('FORBIDDEN', 'You may not mark these rows any longer')
}

async function undo({ database, signal }: Running, taken: Taken) {
  for (let isLast = false; !isLast;) {
    signal.throwIfAborted()
    isLast = await noting(database, taken, async (scope) => {
      await lockTriage(scope)
      return { result: await undoSome(scope, taken.id, rowsAtOnce) }
    })
  }
}

async function markAll({ database, services, signal }: Running, taken: Taken, scope: TenantScope) {
  const searcher = { scope, pool: services.searches, signal, now: taken.createdAt }
  const bounds = boundsOf({ from: taken.fromTime ?? undefined, to: taken.toTime ?? undefined })
  const plan = await planAll(searcher, rowsOf(taken.query!, taken.createdAt), bounds)
  const blocks = plan.blocks.length
  for await (const { hits, blocksDone } of wavesOf(searcher, plan)) {
    for (let at = 0; at < hits.length; at += rowsAtOnce) {
      signal.throwIfAborted()
      await changeSome(database, taken, hits.slice(at, at + rowsAtOnce))
    }
    await noting(database, taken, async () => ({ set: { blocks, blocksDone }, result: undefined }))
  }
  await noting(database, taken, async (own) => {
    await tell(own, taken)
    return { set: { blocks, state: 'done', endedAt: sql`now()` }, result: undefined }
  })
}

const changeSome = (database: Database, taken: Taken, hits: Parameters<typeof storedAmong>[1]) =>
  noting(database, taken, async (scope) => {
    await lockTriage(scope)
    const { id, kind, mark, tag } = taken
    const what = { id, kind, mark: mark ?? 'unseen', tag: tag ?? undefined } as const
    const changed = await change(scope, what, await storedAmong(scope, hits))
    const hit = kind === 'rule' && changed > 0 && { hitAt: sql`now()` }
    return { set: { rows: sql`rows + ${changed}`, ...hit }, result: changed }
  })

/** A person who looks elsewhere meanwhile learns that it is done. */
async function tell(scope: TenantScope, { id, kind, mark, tag, query, ruleId, createdBy }: Taken) {
  if (createdBy === null) return
  const { rows } = await scope.db
    .selectFrom('triageActions')
    .select('rows')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const said =
    kind === 'rule'
      ? `benign by the rule ${query}`
      : kind === 'mark'
        ? `marked ${mark ?? 'unseen'}`
        : `${kind === 'tag' ? 'tagged' : 'no longer tagged'} ${tag}`
  const words = `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'} ${said}`
  const link = kind === 'rule' && { link: `/hunt?query=${encodeURIComponent(`benign:${ruleId}`)}` }
  await notify(scope, { userId: createdBy, kind: 'comment', words, ...link })
}
