import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { problemOf } from '../lib/problem.ts'

interface QuietProps {
  over?: string
  title: string
  children: ReactNode
  actions?: ReactNode
}

/** A page with nothing on it but a sentence and the way on. */
export function Quiet({ over, title, children, actions }: QuietProps) {
  return (
    <div className="quiet">
      <div className="in">
        {over && <div className="mono meta">{over}</div>}
        <h1>{title}</h1>
        <p>{children}</p>
        {actions && (
          <div className="row" style={{ marginTop: 16 }}>
            {actions}
          </div>
        )}
      </div>
    </div>
  )
}

const back = () => history.back()

export function ForbiddenState({ error, permission }: { error?: unknown; permission?: string }) {
  const needs = permission ?? problemOf(error).permission
  return (
    <Quiet
      over={needs ? `403 · needs ${needs}` : '403'}
      title="You may not see this"
      actions={
        <Button variant="default" onClick={back}>
          Back
        </Button>
      }
    >
      Your role does not include {needs ? <span className="mono">{needs}</span> : 'this'}. An admin of your tenant can
      give you a role that does, or do it for you.
    </Quiet>
  )
}

/** The same words for what is not there and for what belongs to somebody else. */
export function NotFoundState({ what = 'Nothing here' }: { what?: string }) {
  return (
    <Quiet
      over="404"
      title={what}
      actions={
        <>
          <Button component="a" href="/">
            Home
          </Button>
          <Button variant="default" onClick={back}>
            Back
          </Button>
        </>
      }
    >
      The address leads nowhere, or to something that is not in your tenant.
    </Quiet>
  )
}
