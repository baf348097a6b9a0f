import { copyStatement } from '@velocicompanion/db'
import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'

/** Runs selections whose values are all written out in one round trip; their rows in PostgreSQL's binary form. */
export async function copied(scope: ReadScope, selections: string[]): Promise<Buffer[]> {
  if (selections.length === 0) return []
  // The names of fields are positions here: nothing is to be renamed.
  const { rows } = await sql.raw<Buffer>(copyStatement(selections)).execute(scope.db.withoutPlugins())
  return rows
}

const whole = (value: number) => {
  if (!Number.isSafeInteger(value)) throw new Error('not a whole number')
  return value
}

/** A list of whole numbers as a parameter would be, written out: a copy takes none. */
export const intsIn = (values: readonly number[]) => `'{${values.map(whole).join(',')}}'::int[]`
export const bigintsIn = (values: readonly number[]) => `'{${values.map(whole).join(',')}}'::bigint[]`
export const bigintIn = (value: number) => `${BigInt(Math.max(-9e18, Math.min(9e18, value)))}::bigint`
export const intIn = (value: number) => `${whole(value)}::int`
export const tenantIn = ({ tenantId }: ReadScope, column: string) =>
  tenantId === 'all' ? 'true' : `${column} = ${whole(tenantId)}`

/** The fields of a row of a copy, by their places. */
export interface Tuple {
  int(field: number): number
  bigint(field: number): number
  isTrue(field: number): boolean
  /** A view of the copy's memory. */
  bytes(field: number): Buffer
  ints(field: number): number[]
  isNull(field: number): boolean
}

const headBytes = 19

/** Makes something of each row of a copy. The tuple is good for the moment only. */
export function tuplesOf<T>(copy: Buffer, fields: number, make: (tuple: Tuple) => T): T[] {
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength)
  const starts = new Int32Array(fields)
  const sizes = new Int32Array(fields)
  const bigint = (field: number) => view.getInt32(starts[field]!) * 4_294_967_296 + view.getUint32(starts[field]! + 4)
  const tuple: Tuple = {
    int: (field) => view.getInt32(starts[field]!),
    bigint,
    isTrue: (field) => copy[starts[field]!] === 1,
    bytes: (field) => copy.subarray(starts[field]!, starts[field]! + sizes[field]!),
    ints: (field) => intsAt(view, starts[field]!, sizes[field]!),
    isNull: (field) => sizes[field] === -1,
  }
  const made: T[] = []
  for (let at = headBytes; view.getInt16(at) === fields;) {
    at += 2
    for (let field = 0; field < fields; field++) {
      const size = view.getInt32(at)
      starts[field] = at + 4
      sizes[field] = size
      at += 4 + Math.max(0, size)
    }
    made.push(make(tuple))
  }
  return made
}

/** An array of one dimension without nulls: 20 bytes before the elements, none of them when it is empty. */
function intsAt(view: DataView, start: number, size: number): number[] {
  const values: number[] = []
  for (let at = start + 20; at < start + size; at += 8) values.push(view.getInt32(at + 4))
  return values
}
