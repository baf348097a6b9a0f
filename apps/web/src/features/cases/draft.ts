/** What someone has written and not saved, kept in this browser under the case and its tenant. */
export interface Draft {
  title: string
  description: string
  /** The version that the writer began from. */
  version: number
  at: string
}

const keyOf = (tenantId: number, id: number) => `vc.case.${tenantId}.${id}`

export function readDraft(tenantId: number, id: number): Draft | undefined {
  try {
    const text = localStorage.getItem(keyOf(tenantId, id))
    return text ? (JSON.parse(text) as Draft) : undefined
  } catch {
    return undefined
  }
}

export function keepDraft(tenantId: number, id: number, draft: Draft | undefined) {
  try {
    if (draft) localStorage.setItem(keyOf(tenantId, id), JSON.stringify(draft))
    else localStorage.removeItem(keyOf(tenantId, id))
  } catch {
    // Storage that is full or switched off leaves the draft in the page alone.
  }
}
