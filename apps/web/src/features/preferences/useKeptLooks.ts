import { useEffect } from 'react'
import { trpc } from '../../api.ts'
import { density, letterKeys } from '../../lib/prefs.ts'
import type { Store } from '../../lib/store.ts'
import { savePreference, sendPreferences } from './usePreference.ts'

/** Density and keys stand in the browser, for the first paint; what the server keeps of this person comes after and wins. */
export function useKeptLooks() {
  const kept = trpc.preferences.get.useQuery({ keys: ['density', 'letters'] }, { staleTime: Infinity }).data
  useEffect(() => {
    if (!kept) return
    take(density, kept['density'], ['compact', 'comfortable'])
    take(letterKeys, kept['letters'], ['on', 'off'])
  }, [kept])
  useEffect(() => {
    addEventListener('pagehide', sendPreferences)
    return () => removeEventListener('pagehide', sendPreferences)
  }, [])
}

function take<T extends string>(store: Store<T>, kept: unknown, allowed: readonly T[]) {
  const found = allowed.find((one) => one === kept)
  if (found !== undefined && found !== store.get()) store.set(found)
}

export function setDensity(value: 'compact' | 'comfortable') {
  density.set(value)
  savePreference('density', value)
}

export function setLetterKeys(value: 'on' | 'off') {
  letterKeys.set(value)
  savePreference('letters', value)
}
