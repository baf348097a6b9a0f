import { problemData } from '../../lib/problem.ts'

/** Where a query can't be read, when an error says so. */
export function faultOf(error: unknown): { at: number; what: string } | undefined {
  const { reason, detail } = problemData(error)
  const at = detail?.['position']
  if (reason !== 'unsupported_query' || typeof at !== 'number' || !(error instanceof Error)) return undefined
  return { at, what: error.message }
}

interface FaultProps {
  query: string
  at: number
  what: string
  /** Whether an answer to the query before is still shown. */
  answered: boolean
}

/** The query with the place marked, and the sentence about it. */
export function Fault({ query, at, what, answered }: FaultProps) {
  const start = Math.max(0, at - 60)
  const word = /^\S*/.exec(query.slice(at))![0].slice(0, 60) || ' '
  return (
    <div className="qfault" role="alert" id="query-fault">
      <span className="mono" aria-hidden>
        {start > 0 && '…'}
        {query.slice(start, at)}
        <span className="qplace">{word}</span>
        {query.slice(at + word.length, at + word.length + 60)}
      </span>
      <span>{`${what}.${answered ? ' What is shown is of the query before.' : ''}`}</span>
    </div>
  )
}
