import { useEffect, type ReactNode } from 'react'
import { setCrumbs, type Crumb } from './crumbs.ts'

interface PageProps {
  title: ReactNode
  /** What the tab and the top bar say; needed where `title` is not a plain string. */
  name?: string
  sub?: ReactNode
  actions?: ReactNode
  /** The way here, without the page itself. */
  crumbs?: Crumb[]
  children: ReactNode
}

/** A page that scrolls: heading, one line of support, actions at the right. */
export function Page({ title, name, sub, actions, crumbs, children }: PageProps) {
  usePageName(name ?? (typeof title === 'string' ? title : ''), crumbs)
  return (
    <main className="main" id="main" tabIndex={-1}>
      <div className="page">
        <div className="pagehead">
          <div className="grow">
            <h1>{title}</h1>
            {sub && <div className="sub">{sub}</div>}
          </div>
          {actions && <div className="acts">{actions}</div>}
        </div>
        {children}
      </div>
    </main>
  )
}

/** A page that fills the window and scrolls inside itself, such as a grid with its status line. */
export function FixedPage({ name, crumbs, children }: { name: string; crumbs?: Crumb[]; children: ReactNode }) {
  usePageName(name, crumbs)
  return (
    <main className="main fixed" id="main" tabIndex={-1}>
      <h1 className="sr">{name}</h1>
      {children}
    </main>
  )
}

export function usePageName(name: string, crumbs: Crumb[] = []) {
  const trail = JSON.stringify(crumbs)
  useEffect(() => {
    document.title = name ? `${name} · VelociCompanion` : 'VelociCompanion'
    setCrumbs([...(JSON.parse(trail) as Crumb[]), { label: name }])
  }, [name, trail])
}
