import { Button } from '@mantine/core'
import { useCallback, useMemo, type ReactNode } from 'react'
import { count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { ErrorState } from '../../ui/states.tsx'
import { ExportButton } from '../exports/ExportButton.tsx'
import { Around } from '../timeline/Around.tsx'
import { narrowed } from '../rows/query-text.ts'
import { RowsView } from '../rows/RowsView.tsx'
import { ValueMenus } from '../rows/Values.tsx'
import { Bands } from './Bands.tsx'
import { columnsOf } from './columns.tsx'
import { bandFields } from './fields.ts'
import { Groups } from './Groups.tsx'
import { HideBenign } from './HideBenign.tsx'
import { HuntStatus } from './HuntStatus.tsx'
import { NewRows } from './NewRows.tsx'
import { NoMatch } from './NoMatch.tsx'
import { manyRows, SkeletonGrid, Waiting } from './Searching.tsx'
import { Summary } from './Summary.tsx'
import { useAnswer, type Answer } from './useAnswer.ts'
import { rowsQuery, useAsk, useWhole, type Hunt } from './useHunt.ts'
import { Views } from './Views.tsx'

interface HuntBodyProps {
  hunt: Hunt
  /** To the last query that had an answer. */
  goBack: (() => void) | undefined
  stop: () => void
  /** The query can't be read, and none before it was answered. */
  hasFault: boolean
}

type Whole = ReturnType<typeof useWhole>

/** Bands, the bar, what is found, and the status line; or why there is nothing of it. */
export function HuntBody({ hunt, goBack, stop, hasFault }: HuntBodyProps) {
  const answer = useAnswer(hunt)
  const whole = useWhole()
  const ask = useAsk(hunt)
  const { counted, error } = answer
  if (hunt.view === 'timeline') return <Timeline hunt={hunt} whole={whole} />
  const isFailed = error !== null && answer.isEmpty
  const isNone = counted?.total === 0 && !answer.isOld && !answer.isAwaited
  return (
    <>
      <div className="huntbody">
        {error && !hasFault && <ErrorState error={error} retry={answer.refetch} />}
        {isFailed ? (
          !hasFault && <NoResult goBack={goBack} />
        ) : isNone ? (
          <NoMatch hunt={hunt} tookMs={counted.tookMs} hidden={counted.hidden} whole={whole} />
        ) : (
          <ValueMenus here={hunt.query} ask={ask}>
            <Found {...{ hunt, answer, whole, stop }} />
          </ValueMenus>
        )}
      </div>
      <HuntStatus
        hunt={hunt}
        state={stateOf(answer, whole, hasFault)}
        counted={counted}
        shown={shownOf(hunt, answer)}
        updating={answer.isFetching && !answer.isEmpty}
        whole={whole}
      />
    </>
  )
}

/** What stands around a row on its host, in the place of the rows. */
function Timeline({ hunt, whole }: { hunt: Hunt; whole: Whole }) {
  const { search, setSearch } = hunt
  const lead = <Views hunt={hunt} groups={undefined} by={['source']} />
  return (
    <>
      <div className="huntbody">
        {search.around === undefined ? (
          <>
            <Bar lead={lead} />
            <p className="pad t2">The address names no row to look around.</p>
          </>
        ) : (
          <Around
            lead={lead}
            row={search.around}
            span={search.span ?? '5m'}
            onSpan={(span) => setSearch({ span }, true)}
            onOpen={({ id }) => setSearch({ view: 'rows', row: id })}
            onRow={({ id }) => setSearch({ around: id })}
          />
        )}
      </div>
      <HuntStatus hunt={hunt} counted={undefined} shown="the time around a row" updating={false} whole={whole} />
    </>
  )
}

function stateOf(answer: Answer, whole: Whole, hasFault: boolean) {
  if (answer.isStopped) return answer.isEmpty ? 'stopped' : 'stopped: what is shown is of the query before'
  if (!answer.isEmpty) return undefined
  if (answer.error) return hasFault ? 'not searched' : 'failed'
  return whole ? `Searching ${manyRows(whole.rows)} rows` : 'Searching'
}

function shownOf({ view, grouping }: Hunt, { rows, groups, isEmpty, counted, error }: Answer) {
  if (isEmpty) return error ? '0 shown' : 'nothing to show yet'
  if (view === 'groups' && !grouping) return `${count(counted?.total ?? 0)} counted`
  const pages =
    view === 'rows'
      ? rows.data?.pages.map((page) => page.rows.length)
      : groups.found.data?.pages.map((page) => page.values.length)
  const n = (pages ?? []).reduce((sum, length) => sum + length, 0)
  return view === 'rows' ? `${count(n)} shown` : `${count(n)} ${n === 1 ? 'group' : 'groups'} shown`
}

const NoResult = ({ goBack }: { goBack: (() => void) | undefined }) => (
  <div className="nomatch">
    <p>No result is shown, because none belongs to this query.</p>
    {goBack && (
      <div>
        <Button variant="subtle" onClick={goBack}>
          Go back to the last query that was answered
        </Button>
      </div>
    )}
  </div>
)

interface FoundProps {
  hunt: Hunt
  answer: Answer
  whole: Whole
  stop: () => void
}

function Found({ hunt, answer, whole, stop }: FoundProps) {
  const { rows, counted, isEmpty, isAwaited, isOld, isStopped, refetch } = answer
  const first = rows.data?.pages[0]
  const groups = answer.groups.found.data?.pages[0]?.distinct
  const lead = (
    <>
      <Views hunt={hunt} groups={groups} by={hunt.search.most ?? bandFields(first?.rows ?? [])} />
      <HideBenign hunt={hunt} />
      {isAwaited && <Waiting rows={whole?.rows} stop={stop} />}
      {isStopped && (
        <Button variant="default" size="compact-xs" onClick={refetch}>
          Search again
        </Button>
      )}
      {counted && !isAwaited && !isOld && hunt.view === 'rows' && (
        <NewRows
          key={rows.dataUpdatedAt}
          hunt={hunt}
          counted={counted}
          newest={whole?.newest as string | undefined}
          show={refetch}
        />
      )}
    </>
  )
  return (
    <>
      <Bands hunt={hunt} rows={isOld ? undefined : first?.rows} whole={whole} />
      {isEmpty ? (
        <>
          <Bar lead={lead} />
          {isStopped ? <p className="pad t2">The search was stopped. No row was changed.</p> : <SkeletonGrid />}
        </>
      ) : (
        <Answered hunt={hunt} answer={answer} lead={lead} />
      )}
    </>
  )
}

const Bar = ({ lead, note, tools }: { lead: ReactNode; note?: ReactNode; tools?: ReactNode }) => (
  <div className="rowsbar">
    {lead}
    <span className="meta grow">{note}</span>
    {tools}
  </div>
)

interface AnsweredProps {
  hunt: Hunt
  answer: Answer
  lead: ReactNode
}

function Answered({ hunt, answer, lead }: AnsweredProps) {
  const { view, grouping } = hunt
  if (view === 'rows') return <Rows {...{ hunt, answer, lead }} />
  if (grouping)
    return (
      <Groups hunt={hunt} grouping={grouping} bar={(note, tools) => <Bar lead={lead} note={note} tools={tools} />} />
    )
  const { data } = answer.summed
  return (
    <>
      <Bar lead={lead} />
      <div className="grid-wrap">{data && <Summary answer={data} />}</div>
    </>
  )
}

function Rows({ hunt, answer, lead }: AnsweredProps) {
  const all = rowsQuery(hunt.query, hunt.off, hunt.search.sort)
  // What is written or marked as a whole is what is shown.
  const query = hunt.hideBenign ? narrowed(all, 'NOT mark:benign') : all
  const tenant = useTenant()
  const ask = useAsk(hunt)
  const { rows: found } = answer
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const pages = found.data?.pages
  const rows = useMemo(() => (pages ?? []).flatMap((page) => page.rows), [pages])
  const tenants = useAllTenants()
  const first = pages?.[0]
  const fields = hunt.grouping?.fields
  const columns = useMemo(
    () =>
      columnsOf({
        rows: first?.rows ?? [],
        first: [...new Set([...(first?.columns ?? []), ...(fields ?? [])])],
        tenants,
      }),
    [first, fields, tenants],
  )
  return (
    <RowsView
      label="Rows"
      sorts
      ask={ask}
      tools={(fields) => (
        <ExportButton
          key={`${query} ${JSON.stringify(hunt.bounds)}`}
          query={query.trim()}
          {...hunt.bounds}
          total={answer.counted?.total}
          atLeast={answer.counted?.totalIsExact === false}
          columns={fields}
          {...tenant}
        />
      )}
      widths="hunt"
      rows={rows}
      columns={columns}
      search={hunt.search}
      here={hunt.query}
      lead={lead}
      note={noteOf(rows.length, hasNextPage, hunt)}
      onEnd={onEnd}
      whole={
        answer.counted && !answer.isOld && !tenants
          ? {
              query: query.trim(),
              ...hunt.bounds,
              total: answer.counted.total,
              isExact: answer.counted.totalIsExact,
            }
          : undefined
      }
    />
  )
}

function noteOf(shown: number, isMore: boolean, { search, parts, off }: Hunt) {
  const isSorted =
    search.sort !== undefined || parts.some((p, i) => p.kind === 'pipe' && p.name === 'sortby' && !off.includes(i))
  const order = isSorted ? 'as sorted' : 'newest'
  return isMore
    ? `${count(shown)} ${isSorted ? 'first' : order} shown, scroll for more`
    : `all ${count(shown)} shown, ${isSorted ? order : 'newest first'}`
}
