import { useState } from 'react'
import { useMe } from '../../lib/me.ts'

const key = 'vc.hunt.draft'

interface Kept {
  user: string
  query: string
  draft: string
}

/** What is typed and not yet asked. It outlives the page in this tab: a session that ends in between must not cost it. */
export function useDraft(query: string) {
  const user = useMe().username
  const [draft, setDraft] = useState(() => keptOf(user, query) ?? query)
  const [settled, setSettled] = useState(draft)
  const [seen, see] = useState(query)
  if (seen !== query) {
    see(query)
    setDraft(query)
    setSettled(query)
  }
  const change = (text: string) => {
    setDraft(text)
    keep(text === query ? undefined : { user, query, draft: text })
  }
  const set = (text: string) => {
    change(text)
    setSettled(text)
  }
  return { draft, settled, change, set, settle: () => setSettled(draft), forget: () => keep(undefined) }
}

function keptOf(user: string, query: string): string | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Kept>
    return kept.user === user && kept.query === query ? kept.draft : undefined
  } catch {
    return undefined
  }
}

function keep(kept: Kept | undefined) {
  try {
    if (kept) sessionStorage.setItem(key, JSON.stringify(kept))
    else sessionStorage.removeItem(key)
  } catch {
    // Storage that is full or switched off costs only the memory of the draft.
  }
}
