import { useMay } from '../../lib/me.ts'
import type { SavedSearch } from './state.ts'

/** Whether to offer to change a search; the server decides. */
export function useMayChange() {
  const mayShare = useMay('search:share')
  const mayManage = useMay('search:manage')
  return ({ builtIn, mine, shared }: SavedSearch) => !builtIn && (mine ? !shared || mayShare : shared && mayManage)
}
