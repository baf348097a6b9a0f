import { useEffect, useState, type KeyboardEvent } from 'react'

/** Arrow keys move through a list whose focus stays in the text field; Enter takes. */
export function useCombobox<T>(entries: T[], take: (entry: T) => void) {
  const [at, setAt] = useState(0)
  const n = entries.length
  // oxlint-disable-next-line react/set-state-in-effect -- a new list starts at its first entry
  useEffect(() => setAt(0), [n])
  useEffect(() => {
    document.getElementById(`palette-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && n > 0) setAt((at + step + n) % n)
    else if (event.key === 'Enter' && entries[at]) take(entries[at])
    else return
    event.preventDefault()
  }
  return { at, setAt, onKeyDown }
}
