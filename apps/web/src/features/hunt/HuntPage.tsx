import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { trpc } from '../../api.ts'
import { useKeys } from '../../lib/keys.ts'
import { problemOf } from '../../lib/problem.ts'
import { useTenantChoice } from '../../lib/tenant.ts'
import { NotFoundState } from '../../ui/QuietPage.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { History } from '../searches/History.tsx'
import { useRemember } from '../searches/remember.ts'
import { SaveBar } from '../searches/SaveBar.tsx'
import { ViewsMenu } from '../searches/ViewsMenu.tsx'
import { Chips, toggled } from './Chips.tsx'
import { Fault, faultOf } from './Fault.tsx'
import { HuntBody } from './HuntBody.tsx'
import { asked, offIn, partsOf, type Part } from './parts.ts'
import { QueryBar } from './QueryBar.tsx'
import { TimeRange } from './TimeRange.tsx'
import type { Range } from './times.ts'
import { useAnswer } from './useAnswer.ts'
import { useDraft } from './useDraft.ts'
import { useForgetting } from './useForgetting.ts'
import { useHunt, type Hunt } from './useHunt.ts'
import '../rows/rows.css'
import './hunt.css'

/** Another tenant is another hunt: nothing of the one is shown for the other. */
export function HuntPage() {
  const tenant = useTenantChoice()
  return (
    <FixedPage name="Hunt">
      <HuntScreen key={String(tenant)} />
    </FixedPage>
  )
}

function HuntScreen() {
  const hunt = useHunt()
  const { search, setSearch, query, off } = hunt
  const area = useRef<HTMLTextAreaElement>(null)
  const { draft, settled, change, set, settle, forget } = useDraft(query)
  const answer = useAnswer(hunt)
  const fault = faultOf(answer.error)
  useSignedOut(answer.error)
  useForgetting(hunt)
  useRemember({ query: asked(query, off), ...times(search) }, answer.isOld ? undefined : answer.counted)
  // What can't be read leaves the answer before it where it is.
  const [good, keepGood] = useState<Hunt>()
  if (answer.counted && !answer.isOld && !answer.error && !isSame(good, hunt)) keepGood(hunt)
  const stop = useStop()
  const ask = (text: string, nextOff = offIn(query, off, text)) => {
    stop()
    forget()
    set(text)
    hunt.run(text, nextOff)
  }
  const draftOff = draft === query ? off : offIn(query, off, draft)
  const parts = partsOf(settled)
  const settledOff = settled === query ? off : offIn(query, off, settled)
  usePartKeys((i) => {
    const now = partsOf(draft)
    if (i < now.length) ask(draft, toggled(draftOff, i))
  })
  const edit = (part?: Part) => {
    const at = placeFor(settled, part)
    if (!part) change(at.text)
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(at.from, at.to)
    })
  }
  if (answer.error && problemOf(answer.error).permission === 'tenant:every')
    return <NotFoundState what="No such tenant" />
  return (
    <>
      <SaveBar />
      <QueryBar
        before={<ViewsMenu />}
        text={draft}
        off={draftOff}
        change={change}
        settle={settle}
        run={() => ask(draft, draftOff)}
        fault={draft === query ? fault : undefined}
        area={area}
        side={<History />}
        times={<TimeRange range={search} choose={(range) => setSearch({ ...range, row: undefined })} />}
      />
      {fault && <Fault what={fault.what} answered={good !== undefined} />}
      <Chips text={settled} parts={parts} off={settledOff} run={ask} edit={edit} />
      <HuntBody
        hunt={fault && good ? good : hunt}
        goBack={good && (() => ask(good.query, good.off))}
        stop={stop}
        hasFault={Boolean(fault && !good)}
      />
    </>
  )
}

/** As the address has them: what is relative to now stays so. */
const times = ({ from, to }: Range) => ({ from, to })

const isSame = (a: Hunt | undefined, b: Hunt) =>
  a !== undefined &&
  a.query === b.query &&
  a.off === b.off &&
  a.bounds === b.bounds &&
  a.search === b.search &&
  a.runs === b.runs

/** Where the caret goes to write or change a part; a new one stands before the pipes. */
function placeFor(text: string, part: Part | undefined) {
  if (part) return { text, from: part.from, to: part.to }
  const pipe = partsOf(text).find(({ kind }) => kind === 'pipe')
  const filter = (pipe ? text.slice(0, pipe.from) : text).trimEnd()
  const begun = filter === '' ? '' : `${filter} `
  return { text: pipe ? `${begun} ${text.slice(pipe.from)}` : begun, from: begun.length, to: begun.length }
}

/** Ends the requests that are under way; what is shown stays. */
function useStop() {
  const queries = useQueryClient()
  return () => void queries.cancelQueries({ queryKey: [['rows']] })
}

/** Alt and a digit switch a part, also while the query is written. */
function usePartKeys(toggle: (part: number) => void) {
  const latest = useRef(toggle)
  useEffect(() => {
    latest.current = toggle
  })
  useKeys('Query', [{ keys: 'alt+1', label: 'Switch part 1 on or off; to Alt 9 likewise', shownOnly: true }])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // By its place: with Alt, a keyboard may write another sign for it.
      const digit = /^Digit([1-9])$/.exec(event.code)?.[1]
      if (!event.altKey || event.ctrlKey || event.metaKey || digit === undefined) return
      event.preventDefault()
      latest.current(Number(digit) - 1)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** A session that ended shows at the first question; the shell then asks to sign in, and comes back here. */
function useSignedOut(error: unknown) {
  const utils = trpc.useUtils()
  const isOut = Boolean(error) && problemOf(error).kind === 'signed_out'
  useEffect(() => {
    if (isOut) void utils.auth.me.invalidate()
  }, [isOut, utils])
}
