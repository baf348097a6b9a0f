/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a list whose focus stays in the text field */
import { useLayoutEffect, useRef, type RefObject } from 'react'
import { plural } from '../../lib/format.ts'
import { Evidence } from '../../ui/evidence.tsx'
import type { Found } from './useSuggestions.ts'

const most = 160

/** Under the place where what is chosen goes. */
export function Suggestions({ found, mark }: { found: Found; mark: RefObject<HTMLSpanElement | null> }) {
  const { suggestions, chosen, accept, from } = found
  const list = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const span = mark.current
    if (!span || !list.current) return
    list.current.style.left = `${Math.min(span.offsetLeft, 640)}px`
    list.current.style.top = `${span.offsetTop + 24}px`
  }, [mark, from])
  return (
    <div ref={list} role="listbox" id="query-suggestions" aria-label="Suggestions" className="suggest">
      {suggestions.map(({ insert, rows }, i) => (
        <div
          key={insert}
          role="option"
          id={`suggestion-${i}`}
          aria-selected={i === chosen}
          tabIndex={-1}
          onMouseDown={(event) => {
            event.preventDefault()
            accept(i)
          }}
        >
          <span className="mono trunc">
            <Evidence text={insert.length > most ? `${insert.slice(0, most)}…` : insert} />
          </span>
          {rows !== undefined && <span className="meta end nowrap">{plural(rows, 'row', 'rows')}</span>}
        </div>
      ))}
    </div>
  )
}
