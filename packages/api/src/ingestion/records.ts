import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { AppError, notFound } from '../errors.ts'
import type { TenantScope } from '../scope.ts'
import type { Envelope, FlowEnvelope } from './protocol.ts'

/** Text that PostgreSQL can hold; the exact bytes stand in the delivery. */
export const text = (value: unknown, most = 1000) =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\0', '\u2400').toWellFormed().slice(0, most) : null

export const strings = (value: unknown) =>
  Array.isArray(value) ? value.map((v) => text(v)).filter((v) => v !== null) : []

/** Velociraptor's times come in seconds, ms, µs or ns: told apart by size, as Velociraptor does. */
export function timeOf(value: unknown): Date | null {
  if (typeof value !== 'number' || !(value > 0)) return null
  const seconds = value > 2e16 ? value / 1e9 : value > 2e13 ? value / 1e6 : value > 2e10 ? value / 1e3 : value
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? null : time
}

type Json = Record<string, unknown>
const inside = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

/** The host of a client, made when it is new. A client that sent no record yet is known by its id. */
export async function hostOf(scope: TenantScope, serverId: number | null, clientId: string, hostname = clientId) {
  const found = await hostOfClient(scope, serverId, clientId)
  if (found) return found.id
  await checkOrgOfClient(scope, serverId, clientId)
  await scope.db
    .insertInto('hosts')
    .values({ tenantId: scope.tenantId, serverId, clientId, hostname })
    .onConflict((oc) => oc.doNothing())
    .execute()
  // Nothing was made where another sender made it at the same time.
  const made = await hostOfClient(scope, serverId, clientId)
  if (!made) throw notFound('host')
  return made.id
}

/** The id of a client outside of the root org ends with its org's: `C.1bfa6928675831f5-O123`. */
export const orgOfClient = (clientId: string) => /^C\.[0-9a-f]+-(.+)$/.exec(clientId)?.[1]

/** The org comes from the credential or the server that a person chose; a client of another is refused, not believed. */
async function checkOrgOfClient(scope: TenantScope, serverId: number | null, clientId: string) {
  const org = orgOfClient(clientId)
  if (serverId === null || org === undefined) return
  const server = await scope.db
    .selectFrom('velociraptorServers')
    .select('orgId')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', serverId)
    .executeTakeFirst()
  if (server && server.orgId !== org)
    throw new AppError('FORBIDDEN', `The client ${clientId} belongs to another org than the token or the server`)
}

const hostOfClient = (scope: TenantScope, serverId: number | null, clientId: string) =>
  scope.db
    .selectFrom('hosts')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('serverId', serverId === null ? 'is' : '=', serverId)
    .where('clientId', '=', clientId)
    .executeTakeFirst()

interface NamedCollection {
  hostId: number
  kind: 'flow' | 'events' | 'import' | 'unnumbered'
  flowId: string
  huntId: string | null
  artifacts?: string[]
}

/** The collection of these names, made when it is new. */
export async function collectionNamed(scope: TenantScope, named: NamedCollection): Promise<number> {
  const made = await scope.db
    .insertInto('collections')
    .values({ tenantId: scope.tenantId, ...named })
    .onConflict((oc) => oc.columns(['tenantId', 'hostId', 'flowId', 'kind']).doUpdateSet({ updatedAt: sql`now()` }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return made.id
}

export const collectionOf = (scope: TenantScope, hostId: number, e: FlowEnvelope) =>
  collectionNamed(scope, {
    hostId,
    kind: e.kind === 'events' ? 'events' : 'flow',
    flowId: e.flow_id,
    huntId: e.hunt_id || null,
    ...(e.kind === 'events' && { artifacts: [e.artifact] }),
  })

/** The flow of a hunt carries the hunt's id: F.….H belongs to H.…. */
export const huntOfFlow = (flowId: string) => /^F\.(.+)\.H$/.exec(flowId)?.[1]?.replace(/^/, 'H.') ?? null

/** A delivery that belongs to no flow is a collection of its own. */
export async function collectionOfDelivery(scope: TenantScope, hostId: number, artifact: string) {
  const made = await scope.db
    .insertInto('collections')
    .values({
      tenantId: scope.tenantId,
      hostId,
      kind: 'ingest',
      flowId: randomUUID(),
      artifacts: [artifact],
      startedAt: sql`now()`,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return made.id
}

interface NamedHost {
  hostname: string
  client_id?: string | null | undefined
  ip_address?: string | null | undefined
  os?: string | null | undefined
}

/** The host that a document names, made when it is new, and what the document says of it. */
export async function hostOfDocument(scope: TenantScope, serverId: number | null, named: NamedHost) {
  const { hostname, client_id: clientId, ip_address: ipAddress, os } = named
  const id = clientId
    ? await hostOf(scope, serverId, clientId)
    : ((await hostByName(scope, hostname)) ?? (await makeNamedHost(scope, hostname)))
  await scope.db
    .updateTable('hosts')
    .set({ ...(clientId && { hostname }), ...(ipAddress && { ipAddress }), ...(os && { os }), lastSeen: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  return id
}

/** The host that has no client id but this name; else the only one of this name, which Velociraptor told of. */
async function hostByName(scope: TenantScope, hostname: string) {
  const found = await scope.db
    .selectFrom('hosts')
    .select(['id', 'clientId'])
    .where('tenantId', '=', scope.tenantId)
    .where(sql`lower(hostname)`, '=', sql`lower(${hostname})`)
    .orderBy(sql`client_id is not null`)
    .orderBy('id')
    .limit(2)
    .execute()
  return found[0]?.clientId === null || found.length === 1 ? found[0]?.id : undefined
}

/** Another delivery may make it first: that one is locked, then taken. */
async function makeNamedHost(scope: TenantScope, hostname: string) {
  const { rows } = await sql<{ id: number }>`
    insert into hosts (tenant_id, hostname) values (${scope.tenantId}, ${hostname})
    on conflict (tenant_id, lower(hostname)) where client_id is null do update set last_seen = now()
    returning id
  `.execute(scope.db)
  return rows[0]!.id
}

/** The source by its name, and its place in the collection. */
export async function sourceOf(
  scope: TenantScope,
  collectionId: number,
  name: string,
  kind: 'rows' | 'uploads' | 'logs',
  rowsExpected?: number,
) {
  await scope.db
    .insertInto('sources')
    .values({ tenantId: scope.tenantId, name, kind })
    .onConflict((oc) => oc.doNothing())
    .execute()
  const { id } = await scope.db
    .selectFrom('sources')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('name', '=', name)
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow()
  await scope.db
    .insertInto('collectionSources')
    .values({
      tenantId: scope.tenantId,
      collectionId,
      sourceId: id,
      ...(rowsExpected !== undefined && { rowsExpected }),
    })
    .onConflict((oc) => oc.doNothing())
    .execute()
  return id
}

/** What a record line tells of its host or collection. */
export async function applyRecord(
  scope: TenantScope,
  ids: { hostId: number; collectionId: number },
  e: Envelope,
  line: string,
) {
  if (e.kind === 'client') return applyClient(scope, ids.hostId, e.record)
  if (e.kind === 'flow') return applyFlow(scope, ids.collectionId, e.record, line)
  if (e.kind === 'hunt') {
    const huntDescription = text(e.record.hunt_description)
    await scope.db
      .updateTable('collections')
      .set({ huntDescription })
      .where('tenantId', '=', scope.tenantId)
      .where('id', '=', ids.collectionId)
      .execute()
  }
}

async function applyClient(scope: TenantScope, hostId: number, record: Json) {
  const os = inside(record.os_info)
  const agent = inside(record.agent_information)
  const seen = timeOf(record.last_seen_at)
  const metadata = {
    release: text(os.release),
    machine: text(os.machine),
    macAddresses: strings(os.mac_addresses),
    agentVersion: text(agent.version),
  }
  await scope.db
    .updateTable('hosts')
    .set({
      ...(text(os.hostname) && { hostname: text(os.hostname)! }),
      fqdn: text(os.fqdn),
      os: text(os.system),
      ipAddress: addressOf(record.last_ip),
      labels: strings(record.labels),
      hostMetadata: JSON.stringify(metadata),
      // A backfill of an old flow does not make a host seem older.
      ...(seen && {
        lastSeen: sql<Date>`greatest(case when last_seen = created_at then ${seen}::timestamptz else last_seen end, ${seen}::timestamptz)`,
      }),
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', hostId)
    .execute()
}

/** `192.0.2.1:40550` and `[2001:db8::1]:40550` without the port. */
export const addressOf = (value: unknown) =>
  text(value)
    ?.replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1') ?? null

async function applyFlow(scope: TenantScope, collectionId: number, record: Json, line: string) {
  const request = inside(record.request)
  const rows = record.total_collected_rows
  const uploads = record.total_uploaded_files
  await scope.db
    .updateTable('collections')
    .set({
      state: text(record.state),
      artifacts: strings(request.artifacts),
      creator: text(request.creator),
      startedAt: timeOf(record.create_time),
      activeAt: timeOf(record.active_time),
      rowsExpected: Number.isSafeInteger(rows) ? (rows as number) : null,
      uploadsExpected: Number.isSafeInteger(uploads) ? (uploads as number) : null,
      flowRecord: line,
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', collectionId)
    .execute()
}

/** The sender said how many rows it sent of each source. */
export async function applyEnd(scope: TenantScope, collectionId: number, e: Extract<Envelope, { kind: 'flow_end' }>) {
  for (const { artifact, rows } of e.artifacts.toSorted((a, b) => (a.artifact < b.artifact ? -1 : 1))) {
    const sourceId = await sourceOf(scope, collectionId, artifact, 'rows')
    await scope.db
      .updateTable('collectionSources')
      .set({ rowsExpected: rows })
      .where('tenantId', '=', scope.tenantId)
      .where('collectionId', '=', collectionId)
      .where('sourceId', '=', sourceId)
      .execute()
  }
  await scope.db
    .updateTable('collections')
    .set((eb) => ({ endedAt: sql`now()`, rowsSent: e.rows, rowsSentOf: eb.ref('rowsExpected') }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', collectionId)
    .execute()
}
