import { store } from '../lib/store.ts'

export interface Crumb {
  label: string
  to?: string
}

/** The way to the open page, shown in the top bar. */
export const crumbs = store<Crumb[]>([])
export const setCrumbs = crumbs.set
