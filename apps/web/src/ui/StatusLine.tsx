import { Fragment, type ReactNode } from 'react'

interface StatusProps {
  /** In fixed order: how many match, shown, time, newest, then what is not whole. Falsy parts are left out. */
  parts: (ReactNode | false | null | undefined)[]
  keys?: { keys: string[]; label: string }[]
}

/** One line that never moves and is always there: also loading, empty and failed. */
export function StatusLine({ parts, keys = [] }: StatusProps) {
  return (
    <output className="status" aria-label="Status">
      {parts
        .filter((part) => part !== false && part !== null && part !== undefined && part !== '')
        .map((part, i) => (
          <span key={i}>{part}</span>
        ))}
      {keys.length > 0 && (
        <span className="keys" aria-hidden>
          {keys.map(({ keys: list, label }) => (
            <span key={label}>
              {list.map((key) => (
                <Fragment key={key}>
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
              {label}
            </span>
          ))}
        </span>
      )}
    </output>
  )
}
