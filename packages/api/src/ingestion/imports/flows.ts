import type { TenantScope } from '../../scope.ts'
import { collectionNamed, huntOfFlow } from '../records.ts'
import { supersede } from '../supersede.ts'
import { partOf, type Part } from './container.ts'
import { csvToLines, velociraptorValueOf } from './csv.ts'
import {
  applyClientFacts,
  applyFlowFacts,
  clientFacts,
  endCollection,
  flowFacts,
  hostOfContainer,
  type ClientFacts,
  type FlowFacts,
  type HuntFacts,
} from './facts.ts'
import { keepFile } from './files.ts'
import { addHost, addSource, type Report } from './report.ts'
import { closeSource, inImport, openSource, storeLines, type Importing } from './rows.ts'
import type { Limits, Member } from './zip.ts'

/** What the first look at a container found of one flow. */
export interface FoundFlow {
  folder: string
  /** Whether there is more of it than what it says of its host. */
  found: boolean
  /** Whether it has rows as they were stored, and not as CSV only: those stand apart, and are not the flow's own. */
  exact: boolean
  context: FlowFacts
  client: ClientFacts
}

export const unknownFlow = (folder: string): FoundFlow => ({
  folder,
  found: false,
  exact: false,
  context: flowFacts({}, ''),
  client: clientFacts({}),
})

interface OpenFlow {
  hostId: number
  collectionId: number
  ids: Set<number>
  /** For rows that are not as the server stores them. */
  apart(): Promise<number>
}

/** Stores the members of a container's flows. */
export function flowsOf(
  run: Importing,
  report: Report,
  known: { hunt: HuntFacts | undefined; hostname: string; flowId: string; limits: Limits },
) {
  const opened = new Map<string, OpenFlow>()
  const open = async (flow: FoundFlow) => {
    const found = opened.get(flow.folder)
    if (found) return found
    const made = await inImport(run, (scope) => openFlow(scope, run, report, flow, known))
    opened.set(flow.folder, made)
    return made
  }
  return {
    async take(flow: FoundFlow, member: Member) {
      const path = member.name.slice(flow.folder.length)
      const part = partOf(path)
      const at = await open(flow)
      if (part.kind === 'rows') await takeRows(run, report, flow, at, part, member)
      else if (part.kind === 'upload' || isKept(part, path)) await takeFile(run, report, at, path, member, known.limits)
    },
    /** Flows without any member count too. */
    async close(flows: Iterable<FoundFlow>) {
      for (const flow of flows) await open(flow)
      for (const { ids, hostId } of opened.values())
        await inImport(run, async (scope) => {
          for (const id of ids) await endCollection(scope, id)
          await supersede(scope, run.ingest.database, [hostId])
        })
    },
  }
}

/** What is neither rows nor facts is kept as a file, but for Velociraptor's own row offsets. */
const isKept = (part: Part, path: string) => part.kind === 'other' && !path.endsWith('.index')

async function openFlow(
  scope: TenantScope,
  run: Importing,
  report: Report,
  { folder, context, client, exact }: FoundFlow,
  known: { hunt: HuntFacts | undefined; hostname: string; flowId: string },
): Promise<OpenFlow> {
  const hostname = client.hostname ?? client.clientId ?? context.clientId ?? known.hostname
  const flowId = context.flowId ?? `${known.flowId}${folder && ` ${folder.slice(0, 100)}`}`
  const huntId = known.hunt?.huntId ?? huntOfFlow(flowId)
  const hostId = await hostOfContainer(scope, run.serverId, { clientId: client.clientId ?? context.clientId, hostname })
  await applyClientFacts(scope, hostId, client)
  addHost(report, hostId, hostname)
  const collectionId = await collectionNamed(scope, { hostId, kind: 'flow', flowId, huntId })
  await applyFlowFacts(scope, collectionId, exact ? context : { ...context, rows: null }, known.hunt)
  const ids = new Set([collectionId])
  let apart: number | undefined
  return {
    hostId,
    collectionId,
    ids,
    async apart() {
      apart ??= await inImport(run, async (own) => {
        const id = await collectionNamed(own, { hostId, kind: 'import', flowId, huntId })
        await applyFlowFacts(own, id, { ...context, rows: null })
        return id
      })
      ids.add(apart)
      return apart
    },
  }
}

async function takeRows(
  run: Importing,
  report: Report,
  flow: FoundFlow,
  at: OpenFlow,
  part: Extract<Part, { kind: 'rows' }>,
  member: Member,
) {
  // A server writes its list of uploads anew for an export, and a CSV is never what it stored.
  const rewritten =
    member.bytes > 0 && (part.format === 'csv' || (part.of === 'uploads' && flow.context.clientId !== null))
  const { hostId } = at
  const collectionId = rewritten ? await at.apart() : at.collectionId
  const kind = part.of === 'uploads' || part.of === 'logs' ? part.of : 'rows'
  const target = await inImport(run, (scope) =>
    openSource(scope, run, { hostId, collectionId, name: part.source, kind }),
  )
  const body = part.format === 'csv' ? csvToLines(member.open(), { cellOf: velociraptorValueOf }) : member.open()
  const { total, sha256 } = await storeLines(run, target, body, rewritten && part.format === 'json')
  await inImport(run, (scope) => closeSource(scope, target, total, sha256))
  addSource(report, { hostId, collectionId, source: part.source, ...total })
}

async function takeFile(
  run: Importing,
  report: Report,
  { collectionId }: OpenFlow,
  path: string,
  member: Member,
  limits: Limits,
) {
  const { tenantId } = run
  const name = path.toWellFormed()
  const attach = (scope: TenantScope, { id: fileId }: { id: number }) =>
    scope.db
      .insertInto('collectionFiles')
      .values({ tenantId, collectionId, name, fileId })
      .onConflict((oc) => oc.doNothing())
      .execute()
  await keepFile(run.ingest, tenantId, member.open(), { limit: limits.bytes, attach })
  report.files += 1
  report.fileBytes += member.bytes
}
