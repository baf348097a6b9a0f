import type { LinkProps } from '@tanstack/react-router'
import { writeTerm } from '@velocicompanion/api/rows/input'
import { copyText } from '../../ui/Copy.tsx'
import { toast } from '../../ui/toast.tsx'
import type { Proposal } from '../benign/RuleDialog.tsx'
import { type AskedValue, defanged, type RowOfValue, textOf } from './asked.ts'
import { grouped, narrowed } from './query-text.ts'

export const actionNames = {
  include: { label: 'Include', key: 'i' },
  exclude: { label: 'Exclude', key: 'e' },
  only: { label: 'Only this', key: 'o' },
  group: { label: 'Group by this field', key: 'g' },
  timeline: { label: 'Timeline around it', key: 't' },
  everywhere: { label: 'Everywhere it was seen', key: 'w' },
  processes: { label: 'Process tree', key: 'p' },
  case: { label: 'Add to case…', key: 'c' },
  indicators: { label: 'Add to indicators…', key: 'n' },
  benign: { label: 'Benign by rule…', key: 'b' },
  copy: { label: 'Copy value', key: 'y' },
  defanged: { label: 'Copy defanged', key: 'shift+y' },
} as const

export type ActionId = keyof typeof actionNames

export interface ValueAction {
  id: ActionId
  label: string
  /** Pressed on the value or in its menu. */
  key: string
  run: () => void
}

/** What the screen does for the actions of its values. */
export interface Asking {
  /** The query of what is on the screen. */
  here: string
  /** Asks another query; `everywhere`: of all times. */
  ask: (query: string, everywhere?: boolean) => void
  go: (link: LinkProps) => void
  /** Undefined for who may not work on cases. */
  addToCase: ((asked: AskedValue) => void) | undefined
  /** Undefined for who may not work on indicators. */
  addToIndicators: ((value: string) => void) | undefined
  /** Undefined for who may not make rules. */
  makeBenign: ((proposal: Proposal) => void) | undefined
}

/** What can be done with a value, always in this order. What makes no sense for it is left out. */
export function actionsOf(
  asked: AskedValue,
  { here, ask, go, addToCase, addToIndicators, makeBenign }: Asking,
): ValueAction[] {
  const { field, value, row } = asked
  const term = writeTerm(field, value)
  const anywhere = writeTerm(undefined, value)
  const text = textOf(value)
  const safe = defanged(text)
  const runs: Record<ActionId, (() => void) | undefined> = {
    include: term === undefined ? undefined : () => ask(narrowed(here, term)),
    exclude: term === undefined ? undefined : () => ask(narrowed(here, negated(term))),
    only: term === undefined ? undefined : () => ask(term),
    group: field === undefined || field === 'time' ? undefined : () => ask(grouped(here, field)),
    timeline: row && (() => go(timelineOf(row, here))),
    everywhere: anywhere === undefined || field === 'time' ? undefined : () => ask(anywhere, true),
    processes: row && (() => go(processesOf(row))),
    case: (row ?? text) && addToCase ? () => addToCase(asked) : undefined,
    indicators: text.trim() !== '' && addToIndicators ? () => addToIndicators(text) : undefined,
    benign:
      (term ?? anywhere) !== undefined && field !== 'time' && makeBenign
        ? () => makeBenign({ inField: term, anywhere })
        : undefined,
    copy: value === undefined ? undefined : () => void copy(text),
    defanged: value === undefined || safe === text ? undefined : () => void copy(safe),
  }
  return (Object.keys(actionNames) as ActionId[]).flatMap((id) => {
    const run = runs[id]
    return run ? [{ id, ...actionNames[id], run }] : []
  })
}

/** Hosts are pages of one tenant. */
const inTenantOf = (row: RowOfValue, tenant: number | 'all' | undefined) => (tenant === 'all' ? row.tenantId : tenant)

/** On the hunt screen, with the question that is on the screen kept for the way back. */
const timelineOf = (row: RowOfValue, here: string): LinkProps => ({
  to: '/hunt',
  search: ({ tenant, off, from, to }) => ({
    tenant: inTenantOf(row, tenant),
    query: here === '' ? undefined : here,
    off,
    from,
    to,
    view: 'timeline' as const,
    around: row.id,
  }),
})

const processesOf = (row: RowOfValue): LinkProps => ({
  to: '/hosts/$id/processes',
  params: { id: String(row.hostId) },
  search: (old) => ({ tenant: inTenantOf(row, old.tenant), row: row.id }),
})

/** Said twice it is not said: what is absent is excluded by asking for what is there. */
const negated = (term: string) => (term.startsWith('NOT ') ? term.slice(4) : `NOT ${term}`)

export async function copy(text: string, done = 'Copied.') {
  const ok = await copyText(text)
  toast({
    text: ok ? done : 'The browser refused the clipboard. Open the row, select the text and copy it by hand.',
  })
}
