import { z } from 'zod'
import { AppError } from '../errors.ts'

const id = z.string().min(1).max(200)
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const record = z.record(z.string(), z.unknown())
const flow = {
  org_id: id,
  org_name: z.string().max(1000).default(''),
  client_id: id,
  flow_id: id,
  hunt_id: z.string().max(200).default(''),
}

/** The first line of a request of the Feed protocol, version 1. Unknown members are left alone. */
const envelope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('client'), ...flow, record }),
  z.object({ kind: z.literal('hunt'), ...flow, record }),
  z.object({ kind: z.literal('flow'), ...flow, record }),
  z.object({ kind: z.literal('uploads'), ...flow, start_row: count, rows: count }),
  z.object({ kind: z.literal('logs'), ...flow, start_row: count, rows: count }),
  z.object({ kind: z.literal('batch'), ...flow, artifact: id.max(1000), start_row: count, rows: count }),
  z.object({
    kind: z.literal('flow_end'),
    ...flow,
    rows: count,
    artifacts: z.union([
      z.array(z.object({ artifact: id.max(1000), rows: count })).max(10_000),
      // Velociraptor makes an object of a list of one.
      z.object({ artifact: id.max(1000), rows: count }).transform((one) => [one]),
      z.null().transform(() => []),
    ]),
  }),
  z.object({ kind: z.literal('reconcile'), org_id: id, org_name: z.string().max(1000).default('') }),
])

export type Envelope = z.infer<typeof envelope>
export type FlowEnvelope = Exclude<Envelope, { kind: 'reconcile' }>
export type RowsEnvelope = Extract<Envelope, { kind: 'batch' | 'uploads' | 'logs' }>

/** Throws BAD_REQUEST with what was expected. */
export function readEnvelope(line: Uint8Array): Envelope {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(line).toString('utf8'))
  } catch {
    throw new AppError('BAD_REQUEST', 'The first line must be an envelope in JSON')
  }
  if ((json as { kind?: unknown })?.kind === 'events') {
    throw new AppError('BAD_REQUEST', 'Events are not accepted by this version: the sender keeps them')
  }
  const read = envelope.safeParse(json)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new AppError('BAD_REQUEST', `The envelope is wrong at "${path.join('.')}": ${message}`)
}
