import { store } from '../lib/store.ts'

/** What lies over the page: the palette or the key sheet. */
export const pane = store<'palette' | 'keys' | undefined>(undefined)

export const openPalette = () => pane.set('palette')
export const openKeys = () => pane.set('keys')
export const closePane = () => pane.set(undefined)
