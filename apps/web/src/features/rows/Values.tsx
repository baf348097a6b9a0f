import { useNavigate, type LinkProps } from '@tanstack/react-router'
import type { AskedFor } from '@velocicompanion/api/rows/input'
import { createContext, use, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { trpc } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { letterKeys } from '../../lib/prefs.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { type Proposal, RuleDialog } from '../benign/RuleDialog.tsx'
import { AddIndicator } from '../indicators/AddIndicator.tsx'
import { AddToCase } from '../cases/AddToCase.tsx'
import { type AskedValue, numberIn, type RowOfValue, textOf } from './asked.ts'
import { Shown } from './cells.tsx'
import { type ActionId, actionsOf, type Asking, type ValueAction } from './value-actions.ts'
import { letterOf, ValueMenu } from './ValueMenu.tsx'

interface Values {
  open: (asked: AskedValue, at: { left: number; bottom: number }) => void
  /** Whether the letter is one of an action of this value, which then runs. */
  letter: (asked: AskedValue, key: string) => boolean
  actions: (asked: AskedValue) => ReturnType<typeof actionsOf>
  /** Opens the dialog for rows that are selected. */
  addRows: ((rows: RowOfValue[]) => void) | undefined
}

const ValuesContext = createContext<Values | undefined>(undefined)

export function useValues() {
  const values = use(ValuesContext)
  if (!values) throw new Error('useValues stands outside ValueMenus')
  return values
}

/** Whether somebody above gives values their menus. */
export const useHasValues = () => use(ValuesContext) !== undefined

interface Adding {
  rows: RowOfValue[]
  value: string | undefined
}

interface ValueMenusProps {
  /** The query of what is on the screen, which "Include" narrows down. */
  here: string
  /** How the screen asks another query; without it the hunt screen is opened with it. */
  ask?: Asking['ask'] | undefined
  children: ReactNode
}

/** Gives every value below its menu and its letters. */
export function ValueMenus({ here, ask, children }: ValueMenusProps) {
  const [adding, setAdding] = useState<Adding>()
  const [menu, setMenu] = useState<{ asked: AskedValue; at: { left: number; bottom: number } }>()
  const mayAdd = useMay('case:work')
  const addToCase = mayAdd
    ? ({ value, row }: AskedValue) => setAdding({ rows: row ? [row] : [], value: textOf(value) || undefined })
    : undefined
  const [indicator, setIndicator] = useState<string>()
  const [benign, setBenign] = useState<Proposal>()
  const all = useAllTenants()
  const mayIndicate = useMay('indicator:work') && !all
  const mayRule = useMay('benign:work') && !all
  const asking: Asking = {
    ...useAsking(here, ask),
    addToCase,
    addToIndicators: mayIndicate ? setIndicator : undefined,
    makeBenign: mayRule ? setBenign : undefined,
  }
  const exact = useExact()
  const actions = (asked: AskedValue) => actionsOf(asked, asking)
  const values: Values = {
    actions,
    addRows: mayAdd ? (rows) => setAdding({ rows, value: undefined }) : undefined,
    open: (asked, at) => {
      setMenu({ asked, at })
      void exact(asked).then((known) => setMenu((now) => (now?.asked === asked ? { asked: known, at } : now)))
    },
    letter: (asked, key) => {
      const id = actions(asked).find((action) => action.key === key)?.id
      if (id) void exact(asked).then((known) => runOf(actions(known), id))
      return id !== undefined
    },
  }
  return (
    <ValuesContext value={values}>
      {children}
      {adding && <AddToCase {...adding} close={() => setAdding(undefined)} />}
      {indicator !== undefined && <AddIndicator value={indicator} close={() => setIndicator(undefined)} />}
      {benign && <RuleDialog proposal={benign} close={() => setBenign(undefined)} />}
      {menu && <ValueMenu {...menu} actions={actions(menu.asked)} close={() => setMenu(undefined)} />}
    </ValuesContext>
  )
}

const runOf = (actions: ValueAction[], id: ActionId) => actions.find((action) => action.id === id)?.run()

function useAsking(here: string, ask: Asking['ask'] | undefined): Pick<Asking, 'here' | 'go' | 'ask'> {
  const navigate = useNavigate()
  const go = (link: LinkProps) => void navigate(link)
  return {
    here,
    go,
    ask: ask ?? ((query) => go({ to: '/hunt', search: (old) => ({ tenant: old.tenant, query }) })),
  }
}

/** A number of a list may be written in another way in its row, and a query asks for what was sent. */
function useExact() {
  const utils = trpc.useUtils()
  const tenant = JSON.stringify(useTenant())
  return useMemo(
    () =>
      async (asked: AskedValue): Promise<AskedValue> => {
        const { value, row, path } = asked
        if (typeof value !== 'object' || value === null || !row || !path) return asked
        const input = { id: row.id, ...(JSON.parse(tenant) as ReturnType<typeof useTenant>) }
        const raw = await utils.rows.raw.fetch(input, { staleTime: Infinity }).catch(() => '')
        const number = numberIn(raw, path)
        return number === undefined ? asked : { ...asked, value: { number } }
      },
    [utils, tenant],
  )
}

interface ValueProps {
  /** As a query writes it. */
  field?: string | undefined
  /** As people read it; the field itself when it is not given. */
  name?: string | undefined
  value: AskedFor
  row?: RowOfValue | undefined
  path?: string[] | undefined
  /** How much of it is shown; the title, the menu and the copy have more. */
  most?: number
  className?: string
}

/** A value as a button: its menu opens by click, M or Enter, and its letters work while it has the focus. */
export function Value({ most, className, ...given }: ValueProps) {
  const { open, letter } = useValues()
  const asked: AskedValue = { ...given, name: given.name ?? given.field ?? 'Any field' }
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || letterKeys.get() === 'off') return
    const key = letterOf(event)
    if (key === 'm') open(asked, event.currentTarget.getBoundingClientRect())
    else if (!letter(asked, key)) return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <button
      type="button"
      className={className ? `v ${className}` : 'v'}
      title={visible(textOf(asked.value).slice(0, 2000))}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        event.stopPropagation()
        open(asked, event.currentTarget.getBoundingClientRect())
      }}
    >
      <Shown value={asked.value} row={given.row?.id} {...(most && { most })} />
    </button>
  )
}
