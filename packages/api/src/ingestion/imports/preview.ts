import { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'
import { eventTimePaths, microsOfNumber, microsOfText } from '../../evidence/times.ts'
import type { TenantScope } from '../../scope.ts'
import { csvToLines, recordsAt } from './csv.ts'
import { clashReason, rememberedFor } from './mapped.ts'
import { guessed, missingIn, placer, timeAdder, type Mapping } from './mapping.ts'
import { splitLines } from '../lines.ts'

interface Preview {
  /** The first bytes of the file. */
  start: Buffer
  whole: boolean
  /** As it would be sent; undefined asks for the remembered or a guessed one. */
  mapping?: Mapping | undefined
  /** What stands for a row that says nothing itself. */
  hostname: string
  source: string
}

const shownRows = 5

/** What an import would make of the first rows of a CSV, and what was said of its header before. Stores nothing. */
export async function previewCsv(scope: TenantScope, { start, whole, mapping: given, hostname, source }: Preview) {
  const [header] = await recordsAt(start, whole, 1)
  if (!header) throw new AppError('BAD_REQUEST', 'The file has no line that ends within its first part')
  const remembered = await rememberedFor(scope, header)
  const mapping = given ?? remembered?.mapping ?? guessed(header)
  const [missing] = missingIn(header, mapping)
  if (missing !== undefined)
    throw new AppError('BAD_REQUEST', `mapping: the CSV has no column ${JSON.stringify(missing)}`)
  let unread = 0
  const more = timeAdder(header, mapping, () => (unread += 1))
  const place = { hostname, clientId: null, flowId: '', huntId: null }
  const usual = { place, source: mapping.artifact ?? source }
  const placing = placer(mapping, place, usual.source) ?? (() => usual)
  const rows = (await firstLines(start, whole, more)).map((line) => {
    const to = placing(line)
    return { host: to.place.hostname, source: to.source, time: timeOf(line), row: line.toString('utf8').slice(0, 2000) }
  })
  const { by, at } = remembered ?? {}
  const refused = clashReason(header, mapping)
  return {
    header,
    mapping,
    remembered: by === undefined ? null : { by, at: at! },
    rows,
    unread,
    refused: refused ?? null,
  }
}

async function firstLines(start: Buffer, whole: boolean, more: (cells: string[]) => string) {
  const records = await recordsAt(start, whole, shownRows + 1)
  const csv = records.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
  const parts: Uint8Array[] = []
  for await (const part of csvToLines(Readable.from([Buffer.from(`${csv}\n`)]), { more })) parts.push(part)
  return splitLines(Buffer.concat(parts))
}

/** By the same fields as when it is stored; null for the time of the import. */
function timeOf(line: Buffer): string | null {
  const row = JSON.parse(line.toString('utf8')) as Record<string, unknown>
  for (const [key, ...deeper] of eventTimePaths) {
    const value = deeper.length > 0 ? undefined : row[key!]
    const micros =
      typeof value === 'number' ? microsOfNumber(value) : typeof value === 'string' ? microsOfText(value) : undefined
    if (micros !== undefined) return new Date(micros / 1000).toISOString()
  }
  return null
}
