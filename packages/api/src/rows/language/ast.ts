/** Fields that every row has, beside those of its own. */
export const builtins = [
  'host',
  'os',
  'label',
  'source',
  'artifact',
  'hunt',
  'collection',
  'tenant',
  'time',
  'mark',
  'tag',
  'indicator',
  'benign',
] as const
/** What a row is marked as; one that nobody marked is unseen. */
export const marks = ['unseen', 'seen', 'benign', 'suspicious', 'malicious'] as const
export type Mark = (typeof marks)[number]

export type Builtin = (typeof builtins)[number]

/** A field as a query names it: keys joined by dots, folded. */
export interface FieldName {
  text: string
  /** Places in `text` of dots that were escaped or quoted: they are a part of a key. Others may also part two keys. */
  literal: number[]
  /** As it was written, for columns and answers. */
  shown: string
}

export type FieldRef = { builtin: Builtin } | { field: FieldName }

const triage = ['mark', 'tag', 'indicator', 'benign'] as const

/** Whether it is what is said of rows, and no part of what was sent. */
export const isTriage = (ref: FieldRef): ref is { builtin: (typeof triage)[number] } =>
  'builtin' in ref && triage.some((name) => name === ref.builtin)

/** Seconds since 1970, and the rest of the second. */
export interface Instant {
  seconds: number
  nanos: number
}

export type Bound = ({ number: string } | { time: Instant } | { address: string } | { text: string }) & {
  inclusive: boolean
}

export type Piece = { text: string } | { wild: '*' | '?' }

/** What is asked of one value. Texts are folded. */
export type Test =
  | { kind: 'equals'; value: string }
  | { kind: 'like'; pieces: Piece[] }
  | { kind: 'regex'; source: string }
  | { kind: 'range'; low?: Bound; high?: Bound }
  | { kind: 'network'; low: string; high: string }
  | { kind: 'present' }

/** A test of one field, or of all values of a row when it names none. */
export interface Leaf {
  kind: 'leaf'
  /** Numbers the leaves of a query from 0. */
  id: number
  on: FieldRef | undefined
  test: Test
  /** The part of the query that it was read from. */
  at: number
  end: number
}

export type Node = { kind: 'all' } | { kind: 'and' | 'or'; parts: Node[] } | { kind: 'not'; part: Node } | Leaf

export interface SortKey {
  by: FieldRef
  descending: boolean
}

/** What becomes of the rows that match. */
export type View =
  | { kind: 'rows' }
  | { kind: 'count' }
  | { kind: 'groups'; fields: FieldRef[]; order: 'most' | 'fewest' }
  | { kind: 'chart'; field: FieldRef | undefined }

export interface Query {
  filter: Node
  leaves: Leaf[]
  sort: SortKey[]
  /** The columns of `| table`. */
  table: FieldRef[]
  view: View
  /** Leaves out rows that are marked benign, and counts them apart. */
  hideBenign?: boolean | undefined
}

export function* leavesOf(node: Node): Generator<Leaf> {
  if (node.kind === 'leaf') yield node
  else if (node.kind === 'not') yield* leavesOf(node.part)
  else if (node.kind !== 'all') for (const part of node.parts) yield* leavesOf(part)
}

export const shownField = (ref: FieldRef) => ('builtin' in ref ? ref.builtin : ref.field.shown)
