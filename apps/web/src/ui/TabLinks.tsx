import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export interface TabLink {
  to: string
  label: ReactNode
}

/** Tabs that are addresses: back works, and a link opens the right one. */
export function TabLinks({ label, tabs }: { label: string; tabs: TabLink[] }) {
  if (tabs.length === 0) return null
  return (
    <nav className="tablinks" aria-label={label}>
      {tabs.map(({ to, label: words }) => (
        <Link key={to} to={to}>
          {words}
        </Link>
      ))}
    </nav>
  )
}
