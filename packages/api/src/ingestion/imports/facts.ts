import { sql } from 'kysely'
import type { TenantScope } from '../../scope.ts'
import { addressOf, applyRecord, hostOf, hostOfDocument, orgOfClient, strings, text, timeOf } from '../records.ts'

type Json = Record<string, unknown>
const inside = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** What a container says of its host: the server's record of a client, or what an offline collector found. */
export interface ClientFacts {
  clientId: string | null
  hostname: string | null
  fqdn: string | null
  os: string | null
  ipAddress: string | null
  labels: string[]
  seen: Date | null
  metadata: Record<string, unknown>
}

export function clientFacts(json: unknown): ClientFacts {
  const c = inside(json)
  const release = text(c.release) ?? ([text(c.Platform), text(c.PlatformVersion)].filter(Boolean).join(' ') || null)
  return {
    clientId: text(c.client_id, 200),
    hostname: text(c.hostname) ?? text(c.Hostname),
    fqdn: text(c.fqdn) ?? text(c.Fqdn),
    os: text(c.system) ?? text(c.OS),
    ipAddress: addressOf(c.ip_address),
    labels: strings(c.labels),
    seen: timeOf(c.ping),
    metadata: {
      release,
      machine: text(c.architecture) ?? text(c.Architecture),
      macAddresses: strings(c.mac_addresses),
      agentVersion: text(c.client_version),
    },
  }
}

/** What a container says of its flow. */
export interface FlowFacts {
  clientId: string | null
  flowId: string | null
  state: string | null
  artifacts: string[]
  creator: string | null
  startedAt: Date | null
  activeAt: Date | null
  /** Offline collectors count only a part of their rows here. */
  rows: number | null
  uploads: number | null
  record: string
}

const states = ['UNSET', 'RUNNING', 'FINISHED', 'ERROR', 'IN_PROGRESS', 'UNRESPONSIVE', 'WAITING']
const count = (value: unknown) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null)

export function flowFacts(json: unknown, record: string): FlowFacts {
  const outer = inside(json)
  const c = 'context' in outer ? inside(outer.context) : outer
  const request = inside(c.request)
  const clientId = text(c.client_id, 200)
  return {
    clientId,
    flowId: text(c.session_id, 200),
    state: typeof c.state === 'number' ? (states[c.state] ?? null) : text(c.state),
    artifacts: strings(request.artifacts ?? c.artifacts),
    creator: text(request.creator) ?? text(c.creator),
    startedAt: timeOf(c.create_time),
    activeAt: timeOf(c.active_time),
    rows: clientId === null ? null : count(c.total_collected_rows),
    uploads: count(c.total_uploaded_files),
    record,
  }
}

export interface HuntFacts {
  huntId: string | null
  description: string | null
}

export const huntFacts = (json: unknown): HuntFacts => {
  const hunt = inside(json)
  return { huntId: text(hunt.hunt_id, 200), description: text(hunt.hunt_description) }
}

/**
 * The server of a client that is named without one: whose host it is, else the only one of the client's org. So a
 * server's export and its own artifacts speak of one host.
 */
async function serverOf(scope: TenantScope, named: number | null, clientId: string): Promise<number | null> {
  if (named !== null) return named
  const hosts = await scope.db
    .selectFrom('hosts')
    .select('serverId')
    .where('tenantId', '=', scope.tenantId)
    .where('clientId', '=', clientId)
    .limit(2)
    .execute()
  if (hosts.length > 0) return hosts.length === 1 ? hosts[0]!.serverId : null
  const org = orgOfClient(clientId) ?? 'root'
  const servers = await scope.db
    .selectFrom('velociraptorServers')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('orgId', '=', org)
    .limit(2)
    .execute()
  return servers.length === 1 ? servers[0]!.id : null
}

/** The host of a container, made when it is new. */
export async function hostOfContainer(
  scope: TenantScope,
  serverId: number | null,
  client: { clientId: string | null; hostname: string },
): Promise<number> {
  if (client.clientId === null) return hostOfDocument(scope, serverId, { hostname: client.hostname })
  return hostOf(scope, await serverOf(scope, serverId, client.clientId), client.clientId, client.hostname)
}

/** What is known newer stays; what is not known yet is filled in. */
export async function applyClientFacts(scope: TenantScope, hostId: number, facts: ClientFacts) {
  const { seen } = facts
  // A container says nothing of when an offline collector's host was seen, so it only fills in.
  const newer = seen ? sql<boolean>`(last_seen = created_at or last_seen <= ${seen}::timestamptz)` : sql<boolean>`false`
  const known = (column: string, value: string | null) =>
    sql<
      string | null
    >`case when ${newer} then coalesce(${value}, ${sql.ref(column)}) else coalesce(${sql.ref(column)}, ${value}) end`
  await scope.db
    .updateTable('hosts')
    .set({
      fqdn: known('fqdn', facts.fqdn),
      os: known('os', facts.os),
      ipAddress: known('ip_address', facts.ipAddress),
      ...(facts.hostname && {
        hostname: sql<string>`case when ${newer} or hostname = client_id then ${facts.hostname} else hostname end`,
      }),
      labels: sql<
        string[]
      >`case when (${newer} or labels = '{}') and cardinality(${facts.labels}::text[]) > 0 then ${facts.labels}::text[] else labels end`,
      hostMetadata: sql<string>`case when ${newer} or host_metadata = '{}' then host_metadata || ${JSON.stringify(facts.metadata)}::jsonb else host_metadata end`,
      ...(seen && {
        lastSeen: sql<Date>`case when ${newer} then ${seen}::timestamptz else last_seen end`,
      }),
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', hostId)
    .execute()
}

/** The state of a collection of which an import brought a part, and then failed. */
const cutShort = 'IMPORT CUT SHORT'

/** What the sender of the flow itself said stays; a container fills in what nobody said. */
export async function applyFlowFacts(scope: TenantScope, collectionId: number, facts: FlowFacts, hunt?: HuntFacts) {
  const fill = (column: string, value: unknown) => sql`coalesce(${sql.ref(column)}, ${value})`
  await scope.db
    .updateTable('collections')
    .set({
      state: sql<
        string | null
      >`case when state is null or state in ('RUNNING', 'IN_PROGRESS', ${cutShort}) then coalesce(${facts.state}, state) else state end`,
      artifacts: sql<string[]>`case when artifacts = '{}' then ${facts.artifacts}::text[] else artifacts end`,
      creator: fill('creator', facts.creator) as never,
      startedAt: fill('started_at', facts.startedAt) as never,
      activeAt: fill('active_at', facts.activeAt) as never,
      rowsExpected: sql<number | null>`greatest(rows_expected, ${facts.rows}::bigint)`,
      uploadsExpected: sql<number | null>`greatest(uploads_expected, ${facts.uploads}::bigint)`,
      flowRecord: fill('flow_record', facts.record) as never,
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', collectionId)
    .execute()
  if (hunt?.description)
    await applyRecord(
      scope,
      { hostId: 0, collectionId },
      {
        kind: 'hunt',
        org_id: '',
        org_name: '',
        client_id: '',
        flow_id: '',
        hunt_id: '',
        record: { hunt_description: hunt.description },
      },
      '',
    )
}

/** Says so of collections that nobody else brought to their end. */
export const cutCollections = (scope: TenantScope, ids: number[]) =>
  scope.db
    .updateTable('collections')
    .set({ state: cutShort, updatedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', sql<number>`any(${ids}::bigint[])`)
    .where('endedAt', 'is', null)
    .execute()

/** Every source of the collection came whole. */
export const endCollection = (scope: TenantScope, collectionId: number) =>
  scope.db
    .updateTable('collections')
    .set({
      endedAt: sql`coalesce(ended_at, now())`,
      updatedAt: sql`now()`,
      state: sql<string | null>`nullif(state, ${cutShort})`,
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', collectionId)
    .execute()
