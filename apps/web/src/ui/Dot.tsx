import type { ReactNode } from 'react'

export type Tone = 'ok' | 'warn' | 'bad' | 'acc' | 'hollow' | 'quiet'

/** Liveness or completeness: a dot never stands without its word. */
export function Dot({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="row nowrap" style={{ gap: 6, display: 'inline-flex' }}>
      <span className={tone === 'quiet' ? 'dot' : `dot ${tone}`} aria-hidden />
      {children}
    </span>
  )
}
