import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { FileFormat } from '../input.ts'
import { createList, getList, plainList } from '../queries.ts'
import { addTo } from '../values/queries.ts'
import { type CsvMapping, type FileIndicator, readIndicators, writeIndicators } from './file.ts'

interface Imported {
  id?: number | undefined
  name?: string | undefined
  format: FileFormat
  text: string
  mapping?: CsvMapping | undefined
}

const mostShown = 200
const mostNote = 20_000
/** Brings the indicators of a file onto a list, or a new one: all that was understood, or nothing. The rest goes into the list's note. */
export async function importIndicators(scope: TenantScope, { id, name, format, text, mapping }: Imported) {
  const { indicators, others } = readIndicators(format, text, mapping)
  if (id === undefined && name === undefined) throw new AppError('BAD_REQUEST', 'Name the new list')
  const listId = id ?? (await createList(scope, { ...plainList, name: name! })).id
  const { added, known } = await addTo(scope, listId, indicators)
  if (others.length > 0) await keepRest(scope, listId, others)
  await record(scope, 'indicators.import', { list: listId, format, added, known, others: others.length })
  return { id: listId, added, known, others: others.slice(0, mostShown), othersTotal: others.length }
}

async function keepRest(scope: TenantScope, listId: number, others: { at: string; text: string }[]) {
  const lines = others.map(({ at, text }) => `${at}: ${text}`).join('\n')
  const rest = `\nNot understood on import (${others.length}):\n${lines}`.replaceAll('\0', '\u2400').toWellFormed()
  await scope.db
    .updateTable('indicatorLists')
    .set({ note: sql<string>`left(note || ${rest}, ${mostNote})` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', listId)
    .execute()
}

const mostExported = 100_000

/** A list as a file. What its format has no words for is named, and left out. */
export async function exportIndicators(scope: TenantScope, id: number, format: FileFormat, now: Date) {
  const list = await getList(scope, id)
  const indicators = await valuesOf(scope, id)
  if (indicators.length > mostExported)
    throw new AppError('BAD_REQUEST', `An export holds ${mostExported} indicators at most`)
  const { text, left } = writeIndicators(format, indicators, { name: list.name, now })
  return { text, indicators: indicators.length - left.length, left: left.slice(0, mostShown), leftTotal: left.length }
}

async function valuesOf(scope: ReadScope, id: number): Promise<FileIndicator[]> {
  if (scope.tenantId === 'all') throw notFound('indicator list')
  const rows = await scope.db
    .selectFrom('indicators as i')
    .innerJoin('indicatorLists as l', (join) =>
      join.onRef('l.tenantId', '=', 'i.tenantId').onRef('l.id', '=', 'i.listId'),
    )
    .where(sql<boolean>`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`)
    .where('i.listId', '=', id)
    .where('i.deletedAt', 'is', null)
    .select(['i.kind', 'i.match', 'i.value', 'i.note', 'i.tags', 'i.validFrom', 'i.validUntil'])
    .orderBy('i.id')
    .limit(mostExported + 1)
    .execute()
  return rows.map((row) => ({
    ...row,
    validFrom: row.validFrom?.toISOString() ?? null,
    validUntil: row.validUntil?.toISOString() ?? null,
    origin: {},
  }))
}
