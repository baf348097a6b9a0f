import { problemData } from '../../lib/problem.ts'

/** Where a query can't be read, when an error says so. */
export function faultOf(error: unknown): { at: number; what: string } | undefined {
  const { reason, detail } = problemData(error)
  const at = detail?.['position']
  if (reason !== 'unsupported_query' || typeof at !== 'number' || !(error instanceof Error)) return undefined
  return { at, what: error.message }
}

interface FaultProps {
  what: string
  /** Whether an answer to the query before is still shown. */
  answered: boolean
}

/** The sentence under the bar; the place is underlined in the query itself. */
export const Fault = ({ what, answered }: FaultProps) => (
  <div className="qfault" role="alert" id="query-fault">
    <span>{`${what}.${answered ? ' What is shown is of the query before.' : ''}`}</span>
  </div>
)
