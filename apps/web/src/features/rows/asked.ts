import type { AskedFor } from '@velocicompanion/api/rows/input'
import type { Row } from './RowDrawer.tsx'
import { type Node, parseTree } from './tree.ts'

/** The row that a value stands in, as far as its actions need it. */
export type RowOfValue = Pick<Row, 'id' | 'tenantId' | 'host' | 'hostId' | 'source' | 'sourceId' | 'collectionId'>

/** A value somewhere on the screen, about which something is asked. */
export interface AskedValue {
  /** As a query writes it; none: anywhere in a row. */
  field?: string | undefined
  /** The field as people read it. */
  name: string
  /** `undefined`: the row has no such field. */
  value: AskedFor
  row?: RowOfValue | undefined
  /** Where the number was read out of a list, its place in the row: the row has the digits that were sent. */
  path?: string[] | undefined
}

/** The value as text to read and to copy. */
export function textOf(value: AskedFor): string {
  if (value === undefined) return ''
  if (typeof value === 'object' && value !== null) return value.number
  return String(value)
}

/** A JSON value as one to ask for; `none` for objects and arrays, which are no value. */
export function askedFor(value: unknown): { asked: AskedFor } | undefined {
  if (value === undefined || value === null || typeof value === 'string' || typeof value === 'boolean')
    return { asked: value }
  return typeof value === 'number' ? { asked: { number: JSON.stringify(value) } } : undefined
}

/** The number at the path as its row writes it; of a repeated key the last, which is what lists show. */
export function numberIn(raw: string, path: string[]): string | undefined {
  try {
    let here: Node | undefined = parseTree(raw)
    for (const key of path)
      here = here?.kind === 'object' ? here.entries.findLast(([name]) => name === key)?.[1] : undefined
    return here?.kind === 'plain' && /\d/.test(here.text) ? here.text : undefined
  } catch {
    return undefined
  }
}

/** Harmless to click and to mail: hxxp, [.] and [@], as other tools read them back. */
export function defanged(text: string): string {
  return text
    .replaceAll(/\b(h)tt(ps?:\/\/)/gi, '$1xx$2')
    .replaceAll(/\b(f)t(ps?:\/\/)/gi, '$1x$2')
    .replaceAll(/(?<=[\p{L}\p{N}_-])\.(?=[\p{L}\p{N}])/gu, '[.]')
    .replaceAll(/(?<=[\p{L}\p{N}._+-])@(?=[\p{L}\p{N}])/gu, '[@]')
    .replaceAll(/(?<=[0-9a-f]):(?=:?[0-9a-f]*:)/gi, '[:]')
}
