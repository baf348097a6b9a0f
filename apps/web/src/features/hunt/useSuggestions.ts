import { useEffect, useState, type KeyboardEvent } from 'react'
import { client, type Outputs } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'

type Answer = Outputs['rows']['complete']
const nothing: Answer = { from: 0, suggestions: [] }
const wait = 150

/** Fields, or values with how many rows have them, for where the caret stands. Typing opens the list, so does Ctrl+Space. */
export function useSuggestions(text: string, at: number, take: (insert: string, from: number, to: number) => void) {
  const tenant = useTenant()
  const key = JSON.stringify(tenant)
  const [wanted, want] = useState<'typed' | 'asked' | undefined>()
  const [answer, setAnswer] = useState(nothing)
  const [chosen, choose] = useState(-1)
  useEffect(() => {
    if (!wanted || (wanted === 'typed' && !isWorth(text, at))) return
    const aborted = new AbortController()
    const timer = setTimeout(
      () => {
        void client.rows.complete
          .query({ query: text, at, limit: 12, ...(JSON.parse(key) as typeof tenant) }, { signal: aborted.signal })
          .then((found) => {
            setAnswer(found)
            choose(wanted === 'asked' ? 0 : -1)
          })
          // Without suggestions one can go on writing; what is wrong with the query, its run says.
          .catch(() => setAnswer(nothing))
      },
      wanted === 'asked' ? 0 : wait,
    )
    return () => {
      clearTimeout(timer)
      aborted.abort()
    }
  }, [text, at, wanted, key])
  const { suggestions, from } = answer
  const isWhole = suggestions.length === 1 && suggestions[0]!.insert === text.slice(from, at)
  const isOpen = wanted !== undefined && suggestions.length > 0 && from <= at && !isWhole
  const close = () => {
    want(undefined)
    setAnswer(nothing)
    choose(-1)
  }
  const accept = (i: number) => {
    const { insert } = suggestions[i]!
    const isField = insert.endsWith(':') && isInPipe(text, at)
    close()
    take(isField ? `${insert.slice(0, -1)} ` : insert.endsWith(':') ? insert : `${insert} `, from, at)
  }
  /** Whether the key was the list's. */
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.key === ' ' && event.ctrlKey) {
      want('asked')
      return true
    }
    if (!isOpen) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) choose((chosen + step + suggestions.length) % suggestions.length)
    else if (event.key === 'Escape') close()
    else if (event.key === 'Tab' && !event.shiftKey) accept(Math.max(0, chosen))
    else if (event.key === 'Enter' && !event.shiftKey && chosen >= 0) accept(chosen)
    else return false
    return true
  }
  return {
    suggestions,
    from,
    isOpen,
    chosen,
    choose,
    accept,
    onKey,
    close,
    typed: () => want('typed'),
    ask: () => want('asked'),
  }
}

export type Found = ReturnType<typeof useSuggestions>

const isInPipe = (text: string, at: number) => /\|[^|"]*$/.test(text.slice(0, at))

/** Nothing is suggested where nothing was begun. */
const isWorth = (text: string, at: number) => /[^\s(|]$/.test(text.slice(0, at))
