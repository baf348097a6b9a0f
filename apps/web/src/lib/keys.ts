import { useEffect, useLayoutEffect, useRef } from 'react'
import { letterKeys } from './prefs.ts'
import { store } from './store.ts'

interface NamedKey {
  /** `j`, `?`, `Enter`, `ctrl+k`, or a sequence such as `g h`. */
  keys: string
  label: string
}

type Key = NamedKey & ({ run(event: KeyboardEvent): void } | { /** Another listener hears it. */ shownOnly: true })

interface Group {
  name: string
  keys: (NamedKey & { run?: (event: KeyboardEvent) => void })[]
}

/** What works on the screen now, newest last: the key sheet shows exactly this. */
export const keyGroups = store<Group[]>([])

const inTextField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))

const inDialog = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('[role="dialog"],[role="menu"],[role="listbox"]') !== null

const nameOf = (event: KeyboardEvent) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? 'shift+' : ''
  return `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.altKey ? 'alt+' : ''}${shift}${key}`
}

const isLetter = (keys: string) => keys.split(' ')[0]!.length === 1

let prefix = ''
let prefixTimer: ReturnType<typeof setTimeout> | undefined

function usable(key: NamedKey, event: KeyboardEvent) {
  if (!isLetter(key.keys) && !/^(Enter|Arrow|Home|End|Page)/.test(key.keys)) return true
  if (isLetter(key.keys) && letterKeys.get() === 'off') return false
  return !inTextField(event.target) && !inDialog(event.target)
}

function find(name: string, event: KeyboardEvent) {
  const groups = keyGroups.get()
  for (let i = groups.length - 1; i >= 0; i--) {
    const hit = groups[i]!.keys.find((key) => key.run && key.keys === name && usable(key, event))
    if (hit) return hit
  }
  return undefined
}

const startsSequence = (name: string, event: KeyboardEvent) =>
  keyGroups.get().some((group) => group.keys.some((key) => key.keys.startsWith(`${name} `) && usable(key, event)))

/** The one keyboard listener of the page. Ctrl+Z inside a text field stays the field's own. */
export function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing) return
  const name = nameOf(event)
  if (name === 'ctrl+z' && inTextField(event.target)) return
  const whole = prefix && find(`${prefix} ${name}`, event)
  // A letter that could have begun a sequence has not: it comes before the key that follows it.
  if (whole) pending = undefined
  else runPending()
  const hit = whole || find(name, event)
  clearTimeout(prefixTimer)
  const sequence = !whole && startsSequence(name, event)
  prefix = sequence ? name : ''
  if (sequence) {
    pending = hit && (() => hit.run?.(event))
    prefixTimer = setTimeout(endSequence, hit ? shortWait : longWait)
  }
  if (!hit) return
  event.preventDefault()
  if (!sequence) hit.run?.(event)
}

/** A letter that does something by itself as well waits only a moment for a second one. */
const shortWait = 400
const longWait = 1500
let pending: (() => void) | undefined

function runPending() {
  const run = pending
  pending = undefined
  run?.()
}

function endSequence() {
  prefix = ''
  runPending()
}

/** Registers keys while the component is mounted; later groups win over earlier ones. */
export function useKeys(name: string, keys: Key[]) {
  const latest = useRef(keys)
  // Not while drawing: a drawing that is thrown away must not change what a key does.
  useLayoutEffect(() => {
    latest.current = keys
  })
  const listed = keys.map((key) => `${key.keys}\t${key.label}`).join('\n')
  useEffect(() => {
    const group: Group = {
      name,
      keys: latest.current.map(({ keys, label, ...does }) => ({
        keys,
        label,
        ...('run' in does && {
          run: (event: KeyboardEvent) => {
            // By its name: another drawing may have put keys before it.
            const now = latest.current.find((key) => key.keys === keys)
            if (now && 'run' in now) now.run(event)
          },
        }),
      })),
    }
    keyGroups.set([...keyGroups.get(), group])
    return () => keyGroups.set(keyGroups.get().filter((other) => other !== group))
  }, [name, listed])
}
