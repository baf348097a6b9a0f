import { useLayoutEffect, useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react'
import { useKeys } from '../../lib/keys.ts'

const nowhere = { row: -1, column: 0 }

/** Moves the focus among the groups' values: J and K by groups, H and L by fields, the arrows likewise inside the table. */
export function useGroupKeys(scroller: RefObject<HTMLDivElement | null>, rows: number, columns: number) {
  const [here, setHere] = useState(nowhere)
  const [asked, ask] = useState(0)
  useLayoutEffect(() => {
    if (asked > 0) buttonAt(scroller.current, here)?.focus()
    // oxlint-disable-next-line react/exhaustive-deps -- only when a key asked for it; a click has the focus already
  }, [asked])
  const go = (down: number, across: number) => {
    setHere(({ row, column }) => ({
      row: Math.max(0, Math.min(rows - 1, row + down)),
      column: Math.max(0, Math.min(columns - 1, column + across)),
    }))
    ask((n) => n + 1)
  }
  useKeys('Groups', [
    { keys: 'j', label: 'Next group', run: () => go(1, 0) },
    { keys: 'k', label: 'Group before', run: () => go(-1, 0) },
    { keys: 'h', label: 'Field before', run: () => go(0, -1) },
    { keys: 'l', label: 'Next field', run: () => go(0, 1) },
  ])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    event.preventDefault()
    go(step[0], step[1])
  }
  const onFocus = (event: FocusEvent) => {
    const at = event.target.closest<HTMLElement>('[data-group]')?.dataset['group']?.split(' ').map(Number)
    if (at) setHere({ row: at[0]!, column: at[1]! })
  }
  return { here, handlers: { onKeyDown, onFocus } }
}

const steps: Record<string, [down: number, across: number] | undefined> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

const buttonAt = (box: HTMLElement | null, { row, column }: typeof nowhere) =>
  box?.querySelector<HTMLElement>(`[data-group="${row} ${column}"] button`)
