import { z } from 'zod'
import { AppError } from '../errors.ts'

// No name of Velociraptor's holds these, and PostgreSQL's text can't: better refused than two ids merged into one.
const storable = (text: string) => text.isWellFormed() && !text.includes('\0')
export const id = z.string().min(1).max(200).refine(storable, 'holds characters that no id has')
/** Artifact names that no text can hold get stand-ins, the same for a batch and for what the flow's end says of it. */
const artifact = z
  .string()
  .min(1)
  .max(1000)
  .transform((name) => name.replaceAll('\0', '\u2400').toWellFormed())
const count = z.number().int().min(0).max(1e15)
const record = z.record(z.string(), z.unknown())
const flow = {
  org_id: id,
  org_name: z.string().max(1000).default(''),
  client_id: id,
  flow_id: id,
  hunt_id: z.string().max(200).refine(storable, 'holds characters that no id has').default(''),
}

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'is not a day like 2026-11-24')

/** The rows of one client's and artifact's day: their numbers are the lines of Velociraptor's own day file. */
const events = z
  .object({
    kind: z.literal('events'),
    org_id: id,
    org_name: z.string().max(1000).default(''),
    client_id: id,
    artifact,
    day,
    start: count,
    rows: count,
  })
  .transform(({ day: of, start, ...e }) => ({ ...e, flow_id: `${of} ${e.artifact}`, hunt_id: '', start_row: start }))

/** The first line of a request of the Feed protocol, version 1. Unknown members are left alone. */
const envelope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('client'), ...flow, record }),
  z.object({ kind: z.literal('hunt'), ...flow, record }),
  z.object({ kind: z.literal('flow'), ...flow, record }),
  z.object({ kind: z.literal('uploads'), ...flow, start_row: count, rows: count }),
  z.object({ kind: z.literal('logs'), ...flow, start_row: count, rows: count }),
  z.object({ kind: z.literal('batch'), ...flow, artifact, start_row: count, rows: count }),
  z.object({
    kind: z.literal('flow_end'),
    ...flow,
    rows: count,
    artifacts: z.union([
      z.array(z.object({ artifact, rows: count })).max(10_000),
      // Velociraptor makes an object of a list of one.
      z.object({ artifact, rows: count }).transform((one) => [one]),
      z.null().transform(() => []),
    ]),
  }),
  events,
  z.object({ kind: z.literal('reconcile'), org_id: id, org_name: z.string().max(1000).default('') }),
])

export type Envelope = z.infer<typeof envelope>
export type FlowEnvelope = Exclude<Envelope, { kind: 'reconcile' }>
export type RowsEnvelope = Extract<Envelope, { kind: 'batch' | 'uploads' | 'logs' | 'events' }>

/** Throws BAD_REQUEST with what was expected. */
export function readEnvelope(line: Uint8Array): Envelope {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(line).toString('utf8'))
  } catch {
    throw new AppError('BAD_REQUEST', 'The first line must be an envelope in JSON')
  }
  const read = envelope.safeParse(json)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new AppError('BAD_REQUEST', `The envelope is wrong at "${path.join('.')}": ${message}`)
}
