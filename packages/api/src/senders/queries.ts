import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { notFound } from '../errors.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import { silenceLimit, stateOf, type SenderKind } from './rules.ts'

const most = 500
const slot = 5 * 60_000
/** How many parts of five minutes of the last hour. */
const slots = 12

/** Every token that may send and, for each kind of sender that used it, how it does. Those that need somebody come first. */
export async function listSenders(scope: ReadScope, { attention }: { attention: boolean }, now: Date) {
  const [found, recent] = [await sendersOf(scope), await minutesOf(scope, now)]
  const rows = found.map((row) => ({
    ...row,
    state: stateOf(row, now),
    silenceLimit: silenceLimit(row),
    ...rate(recent.get(keyOf(row)) ?? [], now),
  }))
  const needs = rows.filter(({ state }) => state === 'stopped' || state === 'refused')
  return { rows: attention ? needs : [...needs, ...rows.filter((row) => !needs.includes(row))], total: found.length }
}

const keyOf = (row: { tenantId: number; tokenId: number; kind: string | null }) =>
  `${row.tenantId}.${row.tokenId}.${row.kind}`

const sendersOf = (scope: ReadScope) =>
  scope.db
    .selectFrom('apiTokens as t')
    .leftJoin('senders as s', (join) => join.onRef('s.tenantId', '=', 't.tenantId').onRef('s.tokenId', '=', 't.id'))
    .leftJoin('velociraptorServers as v', (join) =>
      join.onRef('v.tenantId', '=', 't.tenantId').onRef('v.id', '=', 't.serverId'),
    )
    .select(['t.tenantId', 't.id as tokenId', 't.name as token', 't.revokedAt', 't.expiresAt'])
    .select(['v.name as server', 'v.orgId', 's.kind', 's.firstAt', 's.lastAt', 's.takenAt', 's.minutes', 's.requests'])
    .select(['s.rows', 's.rowsRejected', 's.refused', 's.refusedAt', 's.refusedStatus', 's.refusedReason'])
    .select(['s.lagMs', 's.lagAt', 's.usualPause', 's.silentAfter'])
    .$if(scope.tenantId !== 'all', (q) => q.where('t.tenantId', '=', scope.tenantId as number))
    .where((eb) => eb.or([eb('t.scope', '=', 'ingest'), eb('s.kind', 'is not', null)]))
    // One that was ended is shown for as long as something still tries it.
    .where(
      sql<boolean>`(t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) or s.refused_at > now() - interval '1 day')`,
    )
    .orderBy(sql`s.last_at desc nulls last`)
    .orderBy('t.id')
    .limit(most)
    .execute()

interface Slot {
  at: number
  rows: number
  today: number
}

async function minutesOf(scope: ReadScope, now: Date) {
  const midnight = new Date(now)
  midnight.setUTCHours(0, 0, 0, 0)
  const rows = await scope.db
    .selectFrom('senderMinutes as m')
    .select(['m.tenantId', 'm.tokenId', 'm.kind'])
    .select([
      sql<number>`(floor(extract(epoch from m.at) / 300) * 300000)::bigint`.as('at'),
      sql<number>`sum(m.rows)::bigint`.as('rows'),
    ])
    .$if(scope.tenantId !== 'all', (q) => q.where('m.tenantId', '=', scope.tenantId as number))
    .where(
      'm.at',
      '>=',
      midnight < new Date(now.getTime() - 3_900_000) ? midnight : new Date(now.getTime() - 3_900_000),
    )
    .groupBy(['m.tenantId', 'm.tokenId', 'm.kind', sql`4`])
    .execute()
  const found = new Map<string, Slot[]>()
  for (const row of rows) {
    const slots = found.get(keyOf(row)) ?? []
    slots.push({ at: row.at, rows: row.rows, today: row.at >= midnight.getTime() ? row.rows : 0 })
    found.set(keyOf(row), slots)
  }
  return found
}

/** Rows of the last hour in parts of five minutes, oldest first, the last one still going on; and of today. */
function rate(minutes: Slot[], now: Date) {
  const current = Math.floor(now.getTime() / slot) * slot
  const lastHour = Array.from({ length: slots }, (_, i) => {
    const at = current - (slots - 1 - i) * slot
    return minutes.filter((m) => m.at === at).reduce((sum, m) => sum + m.rows, 0)
  })
  const passed = Math.max(1, (now.getTime() - current) / 60_000)
  const latest = (lastHour.at(-1)! + lastHour.at(-2)!) / (5 + passed)
  return {
    lastHour,
    rowsToday: minutes.reduce((sum, m) => sum + m.today, 0),
    /** A minute: of the last five to ten minutes, and of the last hour. */
    rateNow: Math.round(latest),
    rateHour: Math.round(lastHour.reduce((sum, n) => sum + n, 0) / (5 * (slots - 1) + passed)),
  }
}

/** Of every tenant, for the operator's figures: senders by their state, and lines that are still set aside. */
export const senderFigures = ({ db, roles }: Database, now: Date) =>
  db.transaction().execute(async (trx) => {
    await sql.raw(`set transaction read only; set local role ${roles.reader}`).execute(trx)
    const senders = await trx
      .selectFrom('senders as s')
      .innerJoin('apiTokens as t', (join) =>
        join.onRef('t.tenantId', '=', 's.tenantId').onRef('t.id', '=', 's.tokenId'),
      )
      .select(['s.kind', 's.lastAt', 's.takenAt', 's.refusedAt', 's.minutes', 's.usualPause', 's.silentAfter'])
      .where('t.revokedAt', 'is', null)
      .execute()
    const { n } = await trx
      .selectFrom('rejectedRows')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('resolvedAt', 'is', null)
      .executeTakeFirstOrThrow()
    const states = Map.groupBy(senders, (sender) => stateOf(sender, now))
    return { states: new Map([...states].map(([state, of]) => [state, of.length])), setAside: n }
  })

/** Says after how many minutes of silence a sender has stopped; 0 for never, null for by its own rhythm. */
export async function watchSender(
  scope: TenantScope,
  { id, kind, silentAfter }: { id: number; kind: SenderKind; silentAfter: number | null },
) {
  const changed = await scope.db
    .updateTable('senders')
    .set({ silentAfter })
    .where('tenantId', '=', scope.tenantId)
    .where('tokenId', '=', id)
    .where('kind', '=', kind)
    .returning(['tokenId', 'kind', 'silentAfter'])
    .executeTakeFirst()
  if (!changed) throw notFound('sender')
  await record(scope, 'sender.watch', { token: id, kind, silentAfter })
  return changed
}
