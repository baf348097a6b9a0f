import { SegmentedControl } from '@mantine/core'
import { count } from '../../lib/format.ts'
import { groupedBy } from './parts.ts'
import type { Hunt } from './useHunt.ts'

interface ViewsProps {
  hunt: Hunt
  groups: number | undefined
  /** What to group by where the query does not say. */
  by: string[]
}

/** Rows, what the query's pipe makes of them, and the time around a row. */
export function Views({ hunt, groups, by }: ViewsProps) {
  const { summary, grouping, view, query, off, search, setSearch, run } = hunt
  const second = summary?.name === 'count' ? 'Count' : summary?.name === 'timechart' ? 'Chart' : 'Groups'
  const choose = (next: string) => {
    if (next === 'groups' && !summary) run(by.reduce(groupedBy, query), off)
    else setSearch({ view: next as 'rows', row: undefined, sort: undefined })
  }
  return (
    <SegmentedControl
      aria-label="Show as"
      size="xs"
      value={view}
      onChange={choose}
      data={[
        { value: 'rows', label: 'Rows' },
        { value: 'groups', label: grouping && groups !== undefined ? `${second} ${count(groups)}` : second },
        ...(search.around === undefined ? [] : [{ value: 'timeline', label: 'Timeline' }]),
      ]}
    />
  )
}
