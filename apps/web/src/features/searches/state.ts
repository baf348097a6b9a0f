import { useSearch } from '@tanstack/react-router'
import type { Outputs } from '../../api.ts'
import { useSetSearch } from '../../lib/url.ts'

/** What of the hunt's address a saved search keeps. */
export interface HuntState {
  query?: string | undefined
  off?: number[] | undefined
  from?: string | undefined
  to?: string | undefined
  view?: 'rows' | 'groups' | 'timeline' | undefined
  sort?: string | undefined
  columns?: string[] | undefined
  /** The saved search that this came from. */
  search?: number | undefined
}

export type SavedSearch = Outputs['searches']['get']

export const useHuntState = () => useSearch({ strict: false }) as HuntState
export const useSetHuntState = () => useSetSearch<HuntState & { row?: string; around?: string }>()

const makesGroups = (query: string) => /\|\s*(groupby|rare|count|timechart)\b/.test(query)

/** As an address has it: what is the default is left out. */
export function stateOf(saved: SavedSearch, query = saved.query): HuntState {
  const usual = makesGroups(query) ? 'groups' : 'rows'
  return {
    query: query || undefined,
    off: saved.off.length > 0 ? saved.off : undefined,
    from: saved.timeFrom ?? undefined,
    to: saved.timeTo ?? undefined,
    view: saved.view === usual ? undefined : (saved.view as HuntState['view']),
    sort: saved.sort ?? undefined,
    columns: saved.columns.length > 0 ? saved.columns : undefined,
    search: saved.id,
  }
}

/** What is saved of a state. */
export function savedOf({ query = '', off = [], from, to, view, sort, columns = [] }: HuntState) {
  const range = { ...(from && { from }), ...(to && { to }) }
  return {
    query,
    off,
    range,
    view: view ?? (makesGroups(query) ? 'groups' : 'rows'),
    sort: sort ?? null,
    columns,
  } as const
}

const parts = ({ query, off, from, to, view, sort, columns }: HuntState) =>
  JSON.stringify([query ?? '', off ?? [], from, to, view, sort, columns])

/** Whether the address says something else than the saved search; values in the place of its parameters are no difference. */
export function isEdited(state: HuntState, saved: SavedSearch): boolean {
  const asked = state.query ?? ''
  const query = filledBy(saved.query, asked) ? asked : saved.query
  const usual = makesGroups(asked) ? 'groups' : 'rows'
  const shown = { ...state, view: state.view === usual ? undefined : state.view }
  return parts(shown) !== parts(stateOf(saved, query))
}

const value = '"(?:[^"\\\\]|\\\\+[^])*"'

function filledBy(template: string, query: string) {
  const pieces = template.split(/\{\{[A-Za-z]\w{0,39}\}\}/)
  if (pieces.length === 1) return template === query
  return new RegExp(`^${pieces.map((piece) => RegExp.escape(piece)).join(value)}$`).test(query)
}

/** "Last 7 days" of `now-7d`; the times as they are written otherwise. */
export function rangeWords({ from, to }: Pick<HuntState, 'from' | 'to'>): string {
  if (!from && !to) return 'Any time'
  const relative = /^now-(\d+)([smhdw])$/.exec(from ?? '')
  const units: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' }
  if (relative && !to) {
    const [, n, unit] = relative
    return n === '1' ? `Last ${units[unit!]}` : `Last ${n} ${units[unit!]}s`
  }
  return [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')
}

const lengths: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 }

/** The moment that a time of an address means. */
export function timeOf(text: string | null, now: number): string | undefined {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text ?? '')
  if (relative) return new Date(now - Number(relative[1] ?? 0) * lengths[relative[2] ?? 's']!).toISOString()
  return text ?? undefined
}
