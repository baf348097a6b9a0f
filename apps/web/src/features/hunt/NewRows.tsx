import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import type { Counted } from './HuntStatus.tsx'
import { abortable, rowsQuery, still, type Hunt } from './useHunt.ts'

interface NewRowsProps {
  hunt: Hunt
  counted: Counted
  /** When the newest delivery came. */
  newest: Date | string | null | undefined
  show: () => void
}

/** What came since the answer waits here: nothing that is being read moves. Counted again only when a delivery came. */
export function NewRows({ hunt, counted, newest, show }: NewRowsProps) {
  const { query, off, within } = hunt
  const now = newest === undefined || newest === null ? undefined : String(newest)
  const [answered] = useState(now)
  const came = now !== undefined && answered !== undefined && now !== answered
  const input = { query: rowsQuery(query, off), ...within, limit: 1, ...useTenant() }
  const found = trpc.rows.search.useQuery(input, { ...still, ...abortable, enabled: came })
  const { refetch } = found
  useEffect(() => {
    if (came) void refetch()
  }, [came, now, refetch])
  const more = found.data && came ? found.data.total - counted.total : 0
  if (more <= 0) return null
  const isExact = counted.totalIsExact && found.data!.totalIsExact
  return (
    <Button variant="light" size="compact-xs" onClick={show}>
      {isExact ? plural(more, 'new row', 'new rows') : 'New rows'}
    </Button>
  )
}
