import { useEffect } from 'react'
import { keptStore } from './store.ts'

/** Row height of grids: 26 px or 32 px. */
export const density = keptStore('vc.density', 'compact', ['compact', 'comfortable'] as const)

/** Single-letter keys; WCAG 2.1.4 wants a way to switch them off. */
export const letterKeys = keptStore('vc.letters', 'on', ['on', 'off'] as const)

export function useDensityAttribute() {
  const value = density.use()
  useEffect(() => {
    document.documentElement.dataset['density'] = value
  }, [value])
}
