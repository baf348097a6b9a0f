import { store } from '../lib/store.ts'

export interface Crumb {
  label: string
  to?: string
}

/** The way to the open page, shown in the top bar. */
export const crumbs = store<Crumb[]>([])
export const setCrumbs = crumbs.set

/** The place behind the crumbs, for what a page adds there. */
export const crumbSide = store<HTMLElement | null>(null)
export const setCrumbSide = crumbSide.set
