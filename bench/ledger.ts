import type { CallOf } from './chaos.ts'

export type State = 'sent' | 'acknowledged' | 'dropped'

export interface Flow {
  id: string
  client: string
  artifact: string
  /** Texts of its rows in order. */
  rows: string[]
}

/** What senders know of each row: sent and not heard of, acknowledged, or given up. */
export function openLedger() {
  const rows = new Map<string, { state: State; flow: Flow }>()
  const flows: Flow[] = []
  return {
    rows,
    flows,
    flow(id: string, client: string, artifact: string) {
      const flow: Flow = { id, client, artifact, rows: [] }
      flows.push(flow)
      return flow
    },
    /** New rows of a flow, each with a text of its own. */
    more(flow: Flow, n: number) {
      const { id, client, artifact } = flow
      const made = Array.from({ length: n }, () => {
        const row = { u: `${id}/${flow.rows.length}`, exact: 0, ClientId: client, FlowId: id, Artifact: artifact }
        const text = JSON.stringify({ ...row, text: 'ä<&'.repeat(flow.rows.length % 7) }).replace(
          '"exact":0',
          '"exact":9007199254740993,"minus":-0',
        )
        flow.rows.push(text)
        rows.set(text, { state: 'sent', flow })
        return text
      })
      return made
    },
    mark(texts: string[], state: State) {
      for (const text of texts) {
        const row = rows.get(text)!
        if (row.state !== 'acknowledged') row.state = state
      }
    },
    count: (state: State) => [...rows.values()].filter((row) => row.state === state).length,
  }
}

export type Ledger = ReturnType<typeof openLedger>

interface Listed {
  rows: { id: number; flowId: string; kind: string }[]
  nextCursor: unknown
}

export async function collectionsOf(call: CallOf, filter: object = {}) {
  const all: Listed['rows'] = []
  for (let cursor: unknown; ;) {
    const page: Listed = await call<Listed>('collections.list', {
      ...filter,
      limit: 200,
      ...(cursor ? { cursor } : {}),
    })
    all.push(...page.rows)
    if (!page.nextCursor) return all
    cursor = page.nextCursor
  }
}

async function linesOf(call: CallOf, collectionId: number, sourceId: number) {
  const parts: Buffer[] = []
  for (let cursor: number | null = 0; cursor !== null;) {
    const part: { lines: string; nextCursor: number | null } = await call('rows.lines', {
      collectionId,
      sourceId,
      cursor,
    })
    parts.push(Buffer.from(part.lines, 'base64'))
    cursor = part.nextCursor
  }
  return Buffer.concat(parts).toString().split('\n').filter(Boolean)
}

/** Reads every row that is stored, and names what is lost, doubled or unknown. */
export async function faultsOf(call: CallOf, ledger: Ledger) {
  const stored = new Map<string, number>()
  for (const { id } of await collectionsOf(call)) {
    const { sources } = await call<{ sources: { id: number }[] }>('collections.get', { id })
    for (const source of sources)
      for (const line of await linesOf(call, id, source.id)) stored.set(line, (stored.get(line) ?? 0) + 1)
  }
  const faults: string[] = []
  for (const [text, { state }] of ledger.rows) {
    const n = stored.get(text) ?? 0
    if (state === 'acknowledged' && n === 0) faults.push(`lost: ${text}`)
    if (n > 1) faults.push(`${n} times: ${text}`)
  }
  for (const text of stored.keys()) if (!ledger.rows.has(text)) faults.push(`nobody sent: ${text.slice(0, 200)}`)
  return { faults, stored: stored.size }
}
