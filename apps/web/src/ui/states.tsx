import { Button } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { problemOf } from '../lib/problem.ts'
import { copyText } from './Copy.tsx'

interface EmptyProps {
  title: string
  /** What is missing, what was searched. */
  children?: ReactNode
  /** The next step: a button, a link or a command. */
  action?: ReactNode
}

/** Nothing here: says what is missing and offers the next step. */
export function EmptyState({ title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <h2 className="h3">{title}</h2>
      {children && <p className="t2">{children}</p>}
      {action && <div className="row wrap">{action}</div>}
    </div>
  )
}

interface ErrorProps {
  error: unknown
  retry?: (() => void) | undefined
}

/** A failure where it happened: what happened, what to try, and the reference that the server's log has too. */
export function ErrorState({ error, retry }: ErrorProps) {
  const problem = problemOf(error)
  const { reference } = problem
  return (
    <div className="note bad failure" role="alert">
      <IconAlertTriangle size={18} style={{ color: 'var(--vc-critical)', flex: 'none' }} aria-hidden />
      <div className="grow">
        <b className="b">{ended(problem.what)}</b> <span className="t2">{problem.next}</span>
        {reference && (
          <div className="meta">
            Reference <span className="mono">{reference}</span>, also in the server’s log.
          </div>
        )}
      </div>
      {reference && (
        <Button variant="default" onClick={() => void copyText(reference)}>
          Copy reference
        </Button>
      )}
      {retry && problem.kind !== 'forbidden' && problem.kind !== 'not_found' && (
        <Button onClick={retry}>Try again</Button>
      )}
    </div>
  )
}

const ended = (sentence: string) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`)
