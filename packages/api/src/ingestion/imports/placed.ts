import { fold } from '../../evidence/folded.ts'
import { again } from '../again.ts'
import { addStored } from '../in-flight.ts'
import { groupsOfRows, joinLines, splitLines } from '../lines.ts'
import { isLong, storeGroup, storeLong, type Target } from '../store.ts'
import { supersede } from '../supersede.ts'
import { collectionNamed, huntOfFlow } from '../records.ts'
import { endCollection, hostOfContainer } from './facts.ts'
import { addHost, addSource, type Report } from './report.ts'
import { closeSource, inImport, openSource, type Importing, type StoredSource } from './rows.ts'

/** Where rows go that name no client and flow themselves. */
export interface Place {
  hostname: string
  clientId: string | null
  flowId: string
  huntId: string | null
}

interface Placed {
  place: Place
  source: string
}

interface Placing {
  source: string
  usual: Place
  folded: boolean
  /** Where a row goes and what it is of; else as its ClientId and FlowId say. */
  placing?: ((line: Buffer) => Placed) | undefined
}

interface Bucket {
  target: Target
  source: string
  lines: Buffer[]
  size: number
  firstRow: number
  total: StoredSource
}

const groupLines = 1000
const groupBytes = 1_000_000
const mostHeld = 16_000_000

/**
 * Stores rows of a file that is not a server's own: each goes to the client and flow that it names by ClientId and FlowId,
 * as in the combined files of a hunt, else to the place of the file. They are numbered for each of these in the order of
 * the file, apart from the rows of the flow itself, whose bytes they are not.
 */
export async function storePlaced(
  run: Importing,
  report: Report,
  body: AsyncIterable<Uint8Array>,
  { source: usualSource, usual, folded, placing = byFlow(usual, usualSource) }: Placing,
) {
  const buckets = new Map<string, Bucket>()
  let held = 0
  const flush = async (bucket: Bucket) => {
    if (bucket.lines.length === 0) return
    const bytes = joinLines(bucket.lines)
    const { firstRow } = bucket
    const group = { bytes, lines: bucket.lines.length, firstLine: firstRow - 1 }
    held -= bucket.size
    bucket.firstRow += group.lines
    bucket.total.rows += group.lines
    bucket.total.bytes += bytes.length
    ;[bucket.lines, bucket.size] = [[], 0]
    addStored(bucket.total, await again(() => storeGroup(run.ingest, bucket.target, group, firstRow)))
  }
  const bucketAt = async ({ place, source }: Placed) => {
    const named = place.clientId ?? place.hostname.toLowerCase()
    const key = JSON.stringify([place.clientId === null, named, place.flowId, source])
    const found = buckets.get(key) ?? (await openBucket(run, report, place, source))
    buckets.set(key, found)
    return found
  }
  const take = async (line: Buffer) => {
    const bucket = await bucketAt(placing(line))
    const kept = folded ? fold(line) : line
    bucket.lines.push(kept)
    bucket.size += kept.length
    held += kept.length
    if (bucket.lines.length === groupLines || bucket.size > groupBytes) await flush(bucket)
    if (held > mostHeld) for (const each of buckets.values()) await flush(each)
  }
  for await (const piece of groupsOfRows(body)) {
    run.signal.throwIfAborted()
    if (!isLong(piece)) {
      for (const line of splitLines(piece.bytes)) await take(line)
      continue
    }
    const bucket = await bucketAt({ place: usual, source: usualSource })
    await flush(bucket)
    const row = bucket.firstRow++
    bucket.total.rows += 1
    bucket.total.bytes += piece.spool.size
    addStored(
      bucket.total,
      await again(() => storeLong(run.ingest, bucket.target, { ...piece, firstLine: row - 1 }, row)),
    )
  }
  for (const bucket of buckets.values()) {
    await flush(bucket)
    const { hostId, collectionId } = bucket.target
    await inImport(run, async (scope) => {
      await closeSource(scope, bucket.target, bucket.total, Buffer.alloc(0))
      await endCollection(scope, collectionId)
      await supersede(scope, run.ingest.database, [hostId])
    })
    addSource(report, { hostId, collectionId, source: bucket.source, ...bucket.total })
  }
}

const byFlow = (usual: Place, source: string) => (line: Buffer) => ({ place: placeOf(line) ?? usual, source })

const flowName = Buffer.from('"FlowId"')

/** The client and flow that a row names itself. */
function placeOf(line: Buffer): Place | undefined {
  if (!line.includes(flowName)) return undefined
  const { ClientId: clientId, FlowId: flowId, Fqdn: fqdn } = readRow(line)
  const named = typeof clientId === 'string' && /^(C\.[\w-]{1,100}|server)$/.test(clientId)
  if (!named || typeof flowId !== 'string' || !/^F\.[\w.]{1,100}$/.test(flowId)) return undefined
  const hostname =
    typeof fqdn === 'string' && fqdn !== '' ? fqdn.replaceAll('\0', '\u2400').toWellFormed().slice(0, 1000) : clientId
  return { clientId, flowId, hostname, huntId: huntOfFlow(flowId) }
}

function readRow(line: Buffer): Record<string, unknown> {
  try {
    return (JSON.parse(line.toString('utf8')) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}

function openBucket(run: Importing, report: Report, place: Place, source: string): Promise<Bucket> {
  return inImport(run, async (scope) => {
    const hostId = await hostOfContainer(scope, run.serverId, place)
    const collectionId = await collectionNamed(scope, {
      hostId,
      kind: 'import',
      flowId: place.flowId,
      huntId: place.huntId,
    })
    const target = await openSource(scope, run, { hostId, collectionId, name: source, kind: 'rows' })
    addHost(report, hostId, place.hostname)
    return {
      target,
      source,
      lines: [],
      size: 0,
      firstRow: 0,
      total: { rows: 0, bytes: 0, stored: 0, known: 0, rejected: 0 },
    }
  })
}
