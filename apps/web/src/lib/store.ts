import { useSyncExternalStore } from 'react'

export interface Store<T> {
  get(): T
  set(next: T): void
  use(): T
}

/** One value outside React that components can read and that code without components can set. */
export function store<T>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  const get = () => value
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return {
    get,
    set(next) {
      value = next
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}

/** A store that this browser remembers; storage that is switched off costs only the memory. */
export function keptStore<T extends string>(key: string, initial: T, allowed: readonly T[]): Store<T> {
  const kept = store(read(key, initial, allowed))
  return {
    ...kept,
    set(next) {
      kept.set(next)
      try {
        localStorage.setItem(key, next)
      } catch {
        // Private windows may refuse; the choice then lasts as long as the page.
      }
    },
  }
}

function read<T extends string>(key: string, initial: T, allowed: readonly T[]) {
  try {
    const found = localStorage.getItem(key) as T | null
    return found !== null && allowed.includes(found) ? found : initial
  } catch {
    return initial
  }
}
