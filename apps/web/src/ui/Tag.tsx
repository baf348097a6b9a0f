import type { ReactNode } from 'react'

export function Tag({ tone, children }: { tone?: 'acc' | 'warn' | 'bad'; children: ReactNode }) {
  return <span className={tone ? `tag ${tone}` : 'tag'}>{children}</span>
}

/** A sentence that belongs to the whole page or panel. */
export function Note({ tone, children }: { tone?: 'warn' | 'bad'; children: ReactNode }) {
  return (
    <div className={tone ? `note ${tone}` : 'note'} role={tone === 'bad' ? 'alert' : undefined}>
      {children}
    </div>
  )
}
