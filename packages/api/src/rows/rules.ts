import { AppError } from '../errors.ts'

export interface SourceOfCollection {
  collectionId: number
  sourceId: number
}

export interface RowName extends SourceOfCollection {
  row: number
}

/** `<collection>.<source>.<row>`; undefined for anything else. */
export function parseRowId(id: string): RowName | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})\.(\d{1,15})$/.exec(id)
  if (!match) return undefined
  const [collectionId, sourceId, row] = match.slice(1).map(Number)
  return { collectionId: collectionId!, sourceId: sourceId!, row: row! }
}

export const rowId = ({ collectionId, sourceId, row }: RowName) => `${collectionId}.${sourceId}.${row}`

/** A row's place in the order of results: newest first, then by name. */
export interface Place extends RowName {
  time: number
}

export const comparePlaces = (a: Place, b: Place) =>
  b.time - a.time || a.collectionId - b.collectionId || a.sourceId - b.sourceId || a.row - b.row

/** Where a page ended, and the count that the first page found, so that later ones need not count again. */
export interface Cursor {
  place: Place
  total: number
  totalIsExact: boolean
}

export const writeCursor = ({ place, total, totalIsExact }: Cursor) =>
  [place.time, place.collectionId, place.sourceId, place.row, total, totalIsExact ? 1 : 0].join('_')

export function readCursor(cursor: string): Cursor {
  const parts = cursor.split('_').map(Number)
  if (parts.length !== 6 || !parts.every(Number.isInteger))
    throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  const [time, collectionId, sourceId, row, total, exact] = parts as [number, number, number, number, number, number]
  return { place: { time, collectionId, sourceId, row }, total, totalIsExact: exact === 1 }
}

/** Microseconds since 1970 of an ISO time with any offset, its digits beyond milliseconds included. */
export function microsOfIso(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? ''
  const beyond = Number(fraction.padEnd(6, '0').slice(3, 6))
  return Date.parse(iso.replace(/\.\d+/, fraction === '' ? '' : `.${fraction.slice(0, 3)}`)) * 1000 + beyond
}
