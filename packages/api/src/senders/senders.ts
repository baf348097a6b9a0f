import type { Db } from '@velocicompanion/db'
import { sql } from 'kysely'
import { inTenant } from '../scope.ts'
import { regularMinutes, type SenderKind } from './rules.ts'

/** What one kind of sender did with one token since it was written down last. Times as ISO text. */
export interface Noted {
  tokenId: number
  kind: SenderKind
  firstAt: string
  lastAt: string
  takenAt: string | null
  requests: number
  rows: number
  rowsRejected: number
  refused: number
  refusedAt: string | null
  refusedStatus: number | null
  refusedReason: string | null
  lagMs: number | null
}

const given = (noted: Noted[]) => sql`
  select * from jsonb_to_recordset(${JSON.stringify(noted)}::jsonb) as g("tokenId" bigint, kind text, "firstAt" timestamptz,
    "lastAt" timestamptz, "takenAt" timestamptz, requests int, rows bigint, "rowsRejected" bigint, refused int,
    "refusedAt" timestamptz, "refusedStatus" int, "refusedReason" text, "lagMs" bigint)`

/**
 * A pause beyond what was usual teaches as much as the limit of silence allows: one long outage does not make the next one
 * usual, and a changed rhythm is learned all the same. In a week the longest pause fades by half.
 */
const usualPause = sql`(
  with p as (select greatest(0, extract(epoch from excluded.first_at - s.last_at)) as pause)
  select greatest(
    case when s.minutes < ${regularMinutes} then p.pause else least(p.pause, greatest(900, 2 * s.usual_pause)) end,
    s.usual_pause * power(0.5, p.pause / 604800)
  )::int from p)`

/** Adds to what is known of a tenant's senders. Sorted, so that two servers that write the same ones take turns. */
export async function noteSenders(db: Db, tenantId: number, all: Noted[]) {
  const noted = all.toSorted((a, b) => a.tokenId - b.tokenId || (a.kind < b.kind ? -1 : 1))
  await inTenant(db, tenantId, async (scope) => {
    await sql`
insert into senders as s (tenant_id, token_id, kind, first_at, last_at, taken_at, requests, rows, rows_rejected, refused,
  refused_at, refused_status, refused_reason, lag_ms, lag_at)
select ${tenantId}, "tokenId", kind, "firstAt", "lastAt", "takenAt", requests, rows, "rowsRejected", refused,
  "refusedAt", "refusedStatus", "refusedReason", "lagMs", case when "lagMs" is not null then "lastAt" end
from (${given(noted)}) g
on conflict (tenant_id, token_id, kind) do update set
  last_at = greatest(s.last_at, excluded.last_at),
  taken_at = greatest(s.taken_at, excluded.taken_at),
  minutes = s.minutes + (date_trunc('minute', excluded.last_at) > date_trunc('minute', s.last_at))::int,
  requests = s.requests + excluded.requests,
  rows = s.rows + excluded.rows,
  rows_rejected = s.rows_rejected + excluded.rows_rejected,
  refused = s.refused + excluded.refused,
  refused_at = coalesce(excluded.refused_at, s.refused_at),
  refused_status = coalesce(excluded.refused_status, s.refused_status),
  refused_reason = coalesce(excluded.refused_reason, s.refused_reason),
  lag_ms = coalesce(excluded.lag_ms, s.lag_ms),
  lag_at = coalesce(excluded.lag_at, s.lag_at),
  usual_pause = ${usualPause}
where s.tenant_id = ${tenantId}`.execute(scope.db)
    await sql`
insert into sender_minutes as m (tenant_id, token_id, kind, at, requests, rows, rows_rejected, refused)
select ${tenantId}, "tokenId", kind, date_trunc('minute', "lastAt"), requests, rows, "rowsRejected", refused
from (${given(noted)}) g
on conflict (tenant_id, token_id, kind, at) do update set requests = m.requests + excluded.requests,
  rows = m.rows + excluded.rows, rows_rejected = m.rows_rejected + excluded.rows_rejected, refused = m.refused + excluded.refused
where m.tenant_id = ${tenantId}`.execute(scope.db)
    await sql`
delete from sender_minutes m using (${given(noted)}) g
where m.tenant_id = ${tenantId} and m.token_id = g."tokenId" and m.kind = g.kind and m.at < now() - interval '25 hours'`.execute(
      scope.db,
    )
  })
}
