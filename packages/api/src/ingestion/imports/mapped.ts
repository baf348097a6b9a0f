import { sql } from 'kysely'
import type { TenantScope } from '../../scope.ts'
import { recordsAt } from './csv.ts'
import { OtherTry } from './fault.ts'
import { clashes, mappingInput, missingIn, shapeOfHeader, timeAdder, type Mapping } from './mapping.ts'
import { addNote, type Report } from './report.ts'
import { inImport, type Importing } from './rows.ts'

export interface GivenMapping {
  mapping?: Mapping | undefined
  /** Who gave it. */
  by?: string | null | undefined
}

/**
 * How the columns of a CSV are read: as its sender says, else as was said of the same header before. What was said is
 * remembered.
 */
export async function mappedCsv(
  run: Importing,
  report: Report,
  given: GivenMapping,
  { start, whole }: { start: Buffer; whole: boolean },
) {
  const [header = []] = await recordsAt(start, whole, 1)
  const mapping = await mappingFor(run, report, header, given)
  let unread = 0
  return {
    mapping,
    more: timeAdder(header, mapping, () => (unread += 1)),
    end() {
      if (unread > 0) addNote(report, `${unread} rows have no time in ${JSON.stringify(mapping.time)} that can be read`)
    },
  }
}

async function mappingFor(run: Importing, report: Report, header: string[], { mapping, by }: GivenMapping) {
  if (mapping === undefined) {
    const found = await inImport(run, (scope) => rememberedFor(scope, header))
    if (!found || Object.keys(found.mapping).length === 0) return {}
    addNote(report, `Its columns were read as ${found.by} said of this header before`)
    return found.mapping
  }
  const [missing] = missingIn(header, mapping)
  if (missing !== undefined) throw new OtherTry(`The CSV has no column ${JSON.stringify(missing)}`)
  const clash = clashReason(header, mapping)
  if (clash !== undefined) throw new OtherTry(clash)
  await inImport(run, (scope) => remember(scope, header, mapping, by ?? 'a token'))
  return mapping
}

export const clashReason = (header: string[], mapping: Mapping) =>
  clashes(header, mapping) ? 'The column EventTime tells when a row happened: no other can be chosen' : undefined

/** What a person said of a header. */
export async function rememberedFor(scope: TenantScope, header: string[]) {
  const found = await scope.db
    .selectFrom('importMappings')
    .select(['mapping', 'changedBy as by', 'changedAt as at'])
    .where('tenantId', '=', scope.tenantId)
    .where('shape', '=', shapeOfHeader(header))
    .executeTakeFirst()
  const read = mappingInput.safeParse(found?.mapping)
  return found && read.success ? { ...found, mapping: read.data } : undefined
}

const remember = (scope: TenantScope, header: string[], mapping: Mapping, by: string) =>
  scope.db
    .insertInto('importMappings')
    .values({
      tenantId: scope.tenantId,
      shape: shapeOfHeader(header),
      header: header.map((name) => name.replaceAll('\0', '\u2400')),
      mapping: JSON.stringify(mapping),
      changedBy: by,
    })
    .onConflict((oc) =>
      oc.columns(['tenantId', 'shape']).doUpdateSet((eb) => ({
        mapping: eb.ref('excluded.mapping'),
        changedBy: eb.ref('excluded.changedBy'),
        changedAt: sql<Date>`now()`,
      })),
    )
    .execute()
