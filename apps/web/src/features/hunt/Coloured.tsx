import { Fragment, useMemo, type ReactNode, type RefObject } from 'react'
import { partsOf } from './parts.ts'
import { tokensOf, type TokenKind } from './tokens.ts'

const classOf: Record<TokenKind, string> = {
  field: 'qf',
  value: 'qv',
  not: 'qnot',
  word: 'qf',
  paren: 'qf',
  pipe: 'qpipe',
  name: 'qv',
}

interface ColouredProps {
  text: string
  off: number[]
  fault: number | undefined
  /** A place whose position on the screen is wanted. */
  mark: number
  markRef: RefObject<HTMLSpanElement | null>
}

/** The query's text in its colours, letter for letter under the field that it is typed into. */
export function Coloured({ text, off, fault, mark, markRef }: ColouredProps) {
  const pieces = useMemo(() => piecesOf(text, off, fault), [text, off, fault])
  const out: ReactNode[] = []
  for (const { from, to, className } of pieces) {
    const cut = mark > from && mark < to ? mark : undefined
    if (mark === from) out.push(<span key="mark" ref={markRef} />)
    out.push(
      <span key={from} className={className}>
        {text.slice(from, cut ?? to)}
      </span>,
    )
    if (cut !== undefined)
      out.push(
        <Fragment key="cut">
          <span ref={markRef} />
          <span className={className}>{text.slice(cut, to)}</span>
        </Fragment>,
      )
  }
  if (mark >= text.length) out.push(<span key="mark" ref={markRef} />)
  return (
    <pre aria-hidden>
      {out}
      {/* A last line that is empty has a height only with something in it. */}
      {'\u200b'}
    </pre>
  )
}

interface Piece {
  from: number
  to: number
  className: string
}

function piecesOf(text: string, off: number[], fault: number | undefined): Piece[] {
  const struck = partsOf(text).filter((_, i) => off.includes(i))
  const tokens = tokensOf(text)
  // An error at the very end has nothing to stand under but the last letter.
  const at = fault === undefined ? undefined : Math.min(fault, text.length - 1)
  const end = at === undefined ? 0 : at + (/^\S+/.exec(text.slice(at))?.[0].length ?? 1)
  const edges = [
    0,
    text.length,
    ...tokens.flatMap(({ from, to }) => [from, to]),
    ...(at === undefined ? [] : [at, end]),
  ]
  const sorted = [...new Set(edges)].filter((edge) => edge >= 0 && edge <= text.length).toSorted((a, b) => a - b)
  return sorted.slice(0, -1).map((from, i) => {
    const to = sorted[i + 1]!
    const kind = tokens.find((token) => token.from <= from && from < token.to)?.kind
    const isOff = struck.some((part) => part.from <= from && from < part.to)
    const isFault = at !== undefined && from >= at && from < end
    return {
      from,
      to,
      className: [kind && classOf[kind], isOff && 'qoff', isFault && 'qplace'].filter(Boolean).join(' '),
    }
  })
}
