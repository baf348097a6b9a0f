import { useCallback, type ReactNode } from 'react'
import { count, plural } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { ExportButton } from '../exports/ExportButton.tsx'
import { AddField } from './FieldPicker.tsx'
import { GroupsTable, type Stack } from './GroupsTable.tsx'
import { asked, groupedInstead, type Pipe } from './parts.ts'
import { useGroups } from './useGroups.ts'
import type { Hunt } from './useHunt.ts'

interface GroupsProps {
  hunt: Hunt
  grouping: Pipe
  /** The bar above, with what is said of what is shown, and what can be done with it. */
  bar: (note: ReactNode, tools: ReactNode) => ReactNode
}

/** The answer to `groupby`: every combination, counted, with how far it is spread. Seen on few hosts first is the hunt. */
export function Groups({ hunt, grouping, bar }: GroupsProps) {
  const { found, order } = useGroups(hunt, grouping)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const first = found.data?.pages[0]
  const groups = found.data?.pages.flatMap(({ values }) => values) ?? []
  return (
    <>
      {bar(first && noteOf(groups.length, first), first && <Tools {...{ hunt, grouping }} distinct={first.distinct} />)}
      <Loaded query={found}>
        {() => first && <GroupsTable groups={groups} stack={first} {...{ hunt, grouping, order, onEnd }} />}
      </Loaded>
    </>
  )
}

function Tools({ hunt, grouping, distinct }: Pick<GroupsProps, 'hunt' | 'grouping'> & { distinct: number }) {
  const { query, off, bounds, run } = hunt
  const tenants = useAllTenants()
  const text = asked(query, off).trim()
  return (
    <>
      <AddField fields={grouping.fields} choose={(fields) => run(groupedInstead(query, grouping, fields))} />
      <ExportButton
        key={`${text} ${JSON.stringify(bounds)}`}
        query={text}
        {...bounds}
        total={distinct}
        groups={{ fields: grouping.fields, tenants }}
        {...useTenant()}
      />
    </>
  )
}

function noteOf(shown: number, { distinct, total, absent }: Stack) {
  const groups =
    shown === distinct
      ? `all ${plural(distinct, 'group')} shown, ${plural(total - absent, 'row', 'rows')} in them`
      : `${count(shown)} of ${plural(distinct, 'group')} shown, scroll for more`
  return absent > 0 ? `${groups}, ${plural(absent, 'row', 'rows')} without these fields` : groups
}
