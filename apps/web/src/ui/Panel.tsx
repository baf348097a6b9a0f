import type { ReactNode } from 'react'

interface PanelProps {
  title: string
  count?: ReactNode
  actions?: ReactNode
  children: ReactNode
  pad?: boolean
  id?: string
}

/** A titled surface. Lists and tables stand in it without padding, prose and forms with `pad`. */
export function Panel({ title, count, actions, children, pad, id }: PanelProps) {
  return (
    <section className="panel" aria-label={title} id={id}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && <span className="count">{count}</span>}
        {actions && <div className="acts">{actions}</div>}
      </header>
      {pad ? <div className="pad">{children}</div> : children}
    </section>
  )
}
