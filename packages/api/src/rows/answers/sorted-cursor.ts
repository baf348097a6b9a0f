import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Hit, SortedPlace } from '../engine/collect.ts'

const cursorOf = z.tuple([
  z.tuple([z.number(), z.number(), z.number(), z.number()]),
  z.number(),
  z.array(z.union([z.null(), z.tuple([z.string(), z.number().nullable(), z.string().optional()])])).max(8),
])

/** A row is named by what it sorts by, and by its place among its equals. What JSON would round or leave out is written as text. */
export function writeSortedCursor({ time, collectionId, sourceId, row, keys }: Hit, total: number): string {
  const values = keys!.map((key) => key && [key.text, key.number === undefined ? null : 0, String(key.number)])
  return `k${Buffer.from(JSON.stringify([[time, collectionId, sourceId, row], total, values])).toString('base64url')}`
}

export function readSortedCursor(cursor: string): { place: SortedPlace; total: number } {
  const read = cursorOf.safeParse(parsed(cursor))
  if (!read.success) throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  const [[time, collectionId, sourceId, row], total, values] = read.data
  const keys = values.map(
    (value) => value && { text: value[0], number: value[1] === null ? undefined : Number(value[2]) },
  )
  return { place: { place: { time, collectionId, sourceId, row }, keys }, total }
}

function parsed(cursor: string): unknown {
  try {
    return cursor.startsWith('k') ? JSON.parse(Buffer.from(cursor.slice(1), 'base64url').toString()) : undefined
  } catch {
    return undefined
  }
}
