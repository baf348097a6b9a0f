import { Fragment, type ReactNode } from 'react'

/** Terms and their facts in two columns; a fact that is `undefined` is left out. */
export function Facts({ facts }: { facts: [term: string, fact: ReactNode][] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, fact]) => fact !== undefined)
        .map(([term, fact]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{fact}</dd>
          </Fragment>
        ))}
    </dl>
  )
}
