import { Button } from '@mantine/core'
import { count } from '../lib/format.ts'

interface MoreProps {
  shown: number
  total?: number | undefined
  hasNext: boolean
  loading: boolean
  more: () => void
}

/** The end of a list: how much is shown, and the next page. */
export function More({ shown, total, hasNext, loading, more }: MoreProps) {
  const words = hasNext
    ? total === undefined
      ? `${count(shown)} shown`
      : `${count(shown)} of ${count(total)} shown`
    : `all ${count(shown)} shown`
  return (
    <div className="row" style={{ padding: '8px 14px', borderTop: '1px solid var(--vc-line)' }}>
      <span className="meta">{words}</span>
      {hasNext && (
        <Button variant="subtle" loading={loading} onClick={more}>
          Show more
        </Button>
      )}
    </div>
  )
}
