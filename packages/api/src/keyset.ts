import { sql, type RawBuilder } from 'kysely'
import { z } from 'zod'
import { AppError } from './errors.ts'

/** The place after a page: the sort key and the id of its last row, as `id:key`. Opaque to clients. */
export interface Place {
  id: number
  key: string
}

export const cursorInput = z
  .string()
  .max(2000)
  .nullish()
  .transform((text) => (text ? placeOf(text) : undefined))

export const limitInput = z.number().int().min(1).max(200).default(50)
/** Rows to leave out before the page, for scripts that count pages; each is still read, so a cursor is faster. */
export const skipInput = z.number().int().min(0).max(100_000).optional()

function placeOf(text: string): Place {
  const at = text.indexOf(':')
  const id = Number(text.slice(0, at))
  if (at < 1 || !Number.isSafeInteger(id)) throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  return { id, key: text.slice(at + 1) }
}

export const cursorOf = (key: Date | string, id: number) => `${id}:${key instanceof Date ? key.toISOString() : key}`

/** Cuts the row that was read beyond the limit, and names the next page by the last row that stays. */
export function page<R extends { id: number }>(rows: R[], limit: number, keyOf: (row: R) => Date | string) {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { rows: kept, nextCursor: rows.length > limit && last ? cursorOf(keyOf(last), last.id) : null }
}

/** How many rows match: on a first page that holds them all its own length, else what `count` finds. */
export const totalOf = (
  { rows, nextCursor }: { rows: unknown[]; nextCursor: string | null },
  { cursor, skip }: { cursor?: Place | undefined; skip?: number | undefined },
  count: () => Promise<number>,
) => (cursor === undefined && !skip && nextCursor === null ? Promise.resolve(rows.length) : count())

/** `(column, id)` beyond a place, as one row comparison that the index on both answers. */
export function beyond(
  column: RawBuilder<unknown>,
  id: RawBuilder<unknown>,
  place: Place,
  type: 'time' | 'text',
  direction: 'asc' | 'desc',
) {
  if (type === 'time' && Number.isNaN(Date.parse(place.key)))
    throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  const key = type === 'time' ? sql`${place.key}::timestamptz` : sql`${place.key}::text`
  const more = direction === 'asc' ? sql`>` : sql`<`
  return sql<boolean>`(${column}, ${id}) ${more} (${key}, ${place.id}::bigint)`
}

/** A search word anywhere in one of the columns; no pattern characters. */
export const holds = (columns: RawBuilder<unknown>[], word: string) =>
  sql<boolean>`(${sql.join(
    columns.map((column) => sql`position(${word.toLowerCase()} in lower(${column})) > 0`),
    sql` or `,
  )})`
