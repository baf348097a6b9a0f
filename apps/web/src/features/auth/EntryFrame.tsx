import type { ReactNode } from 'react'
import { usePageName } from '../../ui/Page.tsx'
import { Logo } from '../../ui/Logo.tsx'

/** The page before anybody is signed in: the form at the left, what this is about at the right. */
export function EntryFrame({ title, sub, children }: { title: string; sub?: string; children: ReactNode }) {
  usePageName(title)
  return (
    <main className="signin" id="main">
      <div className="form">
        <div className="row g12">
          <Logo size={32} />
          <b style={{ fontSize: 17, fontWeight: 550 }}>VelociCompanion</b>
        </div>
        <div>
          <h1 style={{ fontSize: 20, lineHeight: '28px', fontWeight: 600 }}>{title}</h1>
          {sub && <p className="t2">{sub}</p>}
        </div>
        {children}
      </div>
      <div className="side" aria-hidden>
        <div className="signpic">
          {lines.map(([name, width, odd]) => (
            <div key={name} className="signline">
              <span className="signbar" style={{ width }} />
              <span className={odd ? 'mono parthit' : 'mono'}>{name}</span>
            </div>
          ))}
        </div>
        <p className="t2" style={{ fontSize: 14, lineHeight: '20px', maxWidth: 440, marginTop: 24 }}>
          Every row that your hosts sent, kept as it came. The one that is not like the others is on the screen.
        </p>
      </div>
    </main>
  )
}

/** A drawing of stacked names, without figures: nothing here claims to be data. */
const lines: [name: string, width: string, odd?: boolean][] = [
  ['svchost.exe', '62%'],
  ['explorer.exe', '44%'],
  ['RuntimeBroker.exe', '33%'],
  ['spoolsv.exe', '21%'],
  ['backup-agent.exe', '9%'],
  ['svchosts.exe', '2%', true],
]
