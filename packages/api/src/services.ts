import type { SearchPool } from './rows/engine/pool.ts'

import type { SenderKind } from './senders/rules.ts'

/** What happened, for the operator's figures. Fixed names and numbers only, never a caller's text. */
export type Counted =
  | { kind: 'auth'; credential: 'password' | 'session' | 'link' | 'access token' | 'api token'; ok: boolean }
  /** A request that brings rows, by the kind of its sender, and how old what it brought was. */
  | { kind: 'sent'; sender: SenderKind; status: number; lagMs: number | undefined }
  | { kind: 'rows'; stored: number; known: number; rejected: number; bytes: number }
  | { kind: 'removed'; rows: number; files: number }
  /** So many small blocks became one. */
  | { kind: 'joined'; blocks: number; rows: number }
  /** A file for import came to its end. */
  | { kind: 'import'; outcome: 'done' | 'failed' | 'cancelled'; ms: number }
  /** An export came to its end, or was cut: by its asker, or to begin again elsewhere. */
  | {
      kind: 'export'
      outcome: 'done' | 'failed' | 'cut'
      format: 'csv' | 'jsonl' | 'parquet'
      rows: number
      bytes: number
      ms: number
    }

/** What the process hands to procedures: settings and clocks, as arguments. */
export interface Services {
  version: string
  secretKey: Uint8Array
  accessTokenMinutes: number
  registration: 'first' | 'approval' | 'open'
  publicUrl: string
  /** The one-time code of the first registration; undefined where none is needed (a loopback host). */
  setupCode: string | undefined
  now(): Date
  warnings(): { id: string; text: string }[]
  count(event: Counted): void
  /** The threads that evaluate searches. */
  searches: SearchPool
}
