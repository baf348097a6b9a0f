import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { TenantScope } from '../scope.ts'
import { deliveryOf, inScope, type Receipt, type Receiving } from './delivery.ts'
import { splitLines } from './lines.ts'
import { id, type Envelope } from './protocol.ts'
import { timeOf } from './records.ts'
import type { Ingest } from './store.ts'

/** A flow is asked for when nothing came of it for this long, so that what is under way is not sent twice. */
const quietMinutes = 5
/** No flow is asked for again and again: each of its totals so often, and not before the last time had its chance. */
const mostTimes = 3
const againMinutes = 15
/** What the sender takes of one list. */
const mostFlows = 200

const whole = z.number().int().min(0).max(1e15).nullish().catch(null)
const time = z.unknown().transform(timeOf)
const flow = z.object({
  client_id: id,
  flow_id: id,
  hunt_id: id.nullish().catch(null),
  state: id.nullish().catch(null),
  create_time: time,
  active_time: time,
  total_collected_rows: whole,
  total_uploaded_files: whole,
})
type Flow = z.infer<typeof flow>

/**
 * Takes Velociraptor's list of its flows: what is not known here becomes visible with the rows that it should have, and the
 * answer asks for what is finished there and lacks rows here. Lines that name no flow are left alone.
 */
export async function receiveList(
  ingest: Ingest,
  receiving: Receiving,
  serverId: number,
  envelope: Envelope,
  body: Buffer,
): Promise<Receipt> {
  const flows = splitLines(body).slice(1).flatMap(readFlow)
  const resend = await inScope(ingest, receiving, async (scope) => {
    await noteFlows(scope, serverId, flows)
    await scope.db
      .insertInto('deliveries')
      .values({
        ...deliveryOf(receiving, serverId, envelope, undefined),
        sha256: createHash('sha256').update(body).digest(),
        bytes: body.length,
        // Every ten minutes the same list: what it says is kept with the collections, the list itself is not.
        body: null,
        completedAt: sql<Date>`now()`,
      })
      .execute()
    return askAgain(scope, serverId, flows)
  })
  return { kind: 'reconcile', rows: 0, rejected: 0, ...(resend.length > 0 && { resend }) }
}

function readFlow(line: Buffer): Flow[] {
  try {
    const read = flow.safeParse(JSON.parse(line.toString('utf8')))
    return read.success ? [read.data] : []
  } catch {
    return []
  }
}

/** The list as a table `f`, read once: a planner that knows nothing of it would read it anew for each host. */
const listed = (flows: Flow[]) => sql`f as materialized (
  select * from jsonb_to_recordset(${JSON.stringify(flows)}::jsonb) as f(client_id text, flow_id text, hunt_id text,
    state text, create_time timestamptz, active_time timestamptz, total_collected_rows bigint, total_uploaded_files bigint))`

/** The host of each line by its key; the limit keeps it one look-up a line. */
const hostOfLine = (scope: TenantScope, serverId: number) => sql`lateral (
  select id from hosts where tenant_id = ${scope.tenantId} and server_id = ${serverId} and client_id = f.client_id limit 1) h`

async function noteFlows(scope: TenantScope, serverId: number, flows: Flow[]) {
  await sql`
with ${listed(flows)}
insert into hosts (tenant_id, server_id, client_id, hostname)
select distinct ${scope.tenantId}::int, ${serverId}::bigint, f.client_id, f.client_id from f order by 3
on conflict do nothing`.execute(scope.db)
  await sql`
with ${listed(flows)}
insert into collections as c (tenant_id, host_id, kind, flow_id, hunt_id, state, started_at, active_at, rows_expected, uploads_expected, listed_at)
select distinct on (h.id, f.flow_id) ${scope.tenantId}::int, h.id, 'flow', f.flow_id, nullif(f.hunt_id, ''), f.state, f.create_time, f.active_time,
  f.total_collected_rows, f.total_uploaded_files, now()
from f cross join ${hostOfLine(scope, serverId)}
order by h.id, f.flow_id
on conflict (tenant_id, host_id, flow_id, kind) do update set
  state = coalesce(excluded.state, c.state), active_at = coalesce(excluded.active_at, c.active_at),
  started_at = coalesce(c.started_at, excluded.started_at), hunt_id = coalesce(c.hunt_id, excluded.hunt_id),
  rows_expected = coalesce(excluded.rows_expected, c.rows_expected),
  uploads_expected = coalesce(excluded.uploads_expected, c.uploads_expected), listed_at = excluded.listed_at`.execute(
    scope.db,
  )
}

/** Finished flows whose rows are not all here, though their sender did not say that it holds some back. */
async function askAgain(scope: TenantScope, serverId: number, flows: Flow[]) {
  const { rows } = await sql<{ clientId: string; flowId: string }>`
with ${listed(flows)}, lacking as (
  select distinct c.id, f.client_id, f.flow_id
  from f cross join ${hostOfLine(scope, serverId)}
  cross join lateral (select * from collections
    where tenant_id = ${scope.tenantId} and host_id = h.id and flow_id = f.flow_id and kind = 'flow' limit 1) c
  cross join lateral (
    select coalesce(sum(cs.rows_stored + cs.rows_rejected + (select coalesce(sum(upper(r) - lower(r)), 0) from unnest(cs.removed - cs.received) r)), 0) as received,
      coalesce(bool_and(cs.received + cs.removed @> int8range(0, cs.rows_expected)), true) as whole
    from collection_sources cs join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id and s.kind = 'rows'
    where cs.tenant_id = c.tenant_id and cs.collection_id = c.id) m
  where f.state in ('FINISHED', 'ERROR') and f.active_time < now() - make_interval(mins => ${quietMinutes})
    and m.received < f.total_collected_rows
    and not (m.whole and c.rows_sent is not null and c.rows_sent_of is not distinct from f.total_collected_rows and m.received >= c.rows_sent)
    and (c.asked_rows is distinct from f.total_collected_rows
      or (c.asked_times < ${mostTimes} and c.asked_at < now() - make_interval(mins => ${againMinutes})))
  order by c.id limit ${mostFlows}
)
update collections c set asked_at = now(), asked_rows = c.rows_expected,
  asked_times = case when c.asked_rows is distinct from c.rows_expected then 1 else c.asked_times + 1 end
from lacking l where c.tenant_id = ${scope.tenantId} and c.id = l.id
returning l.client_id, l.flow_id`.execute(scope.db)
  return rows.map(({ clientId, flowId }) => ({ client_id: clientId, flow_id: flowId }))
}
