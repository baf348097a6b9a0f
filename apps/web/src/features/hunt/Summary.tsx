import type { Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Mono, NotPresent } from '../../ui/Value.tsx'

type Answer = Outputs['rows']['search']

/** What a pipe made of all matching rows: groups, a chart's counts, or a number. */
export function Summary({ answer }: { answer: Answer }) {
  if (answer.groups) return <Groups groups={answer.groups} />
  if (answer.chart) return <Counts chart={answer.chart} />
  return (
    <p className="pad">
      <b className="b">{plural(answer.total, 'row matches', 'rows match')}</b>
    </p>
  )
}

const GroupValue = ({ value }: { value: string | null }) => (value === null ? <NotPresent /> : <Mono value={value} />)

type Group = NonNullable<Answer['groups']>['values'][number]

function Groups({ groups }: { groups: NonNullable<Answer['groups']> }) {
  const columns: Column<Group>[] = [
    ...groups.fields.map((field, i) => ({
      head: field,
      wrap: true,
      cell: ({ values }: Group) => <GroupValue value={values[i] ?? null} />,
    })),
    { head: 'Rows', num: true, cell: ({ rows }) => count(rows) },
    { head: 'Seen on', cell: ({ hosts }) => `${count(hosts)} of ${plural(groups.hostsTotal, 'host', 'hosts')}` },
  ]
  return (
    <>
      <p className="meta pad">
        {`${count(groups.values.length)} of ${plural(groups.distinct, 'group', 'groups')} shown`}
        {groups.absent > 0 && `, ${plural(groups.absent, 'row', 'rows')} without these fields`}
      </p>
      <List label="Groups" rows={groups.values} columns={columns} rowKey={({ values }) => JSON.stringify(values)} />
    </>
  )
}

interface Bucket {
  time: string
  rows: number
  of: number[]
}

function Counts({ chart }: { chart: NonNullable<Answer['chart']> }) {
  const named = [
    ...chart.series.map(({ value, rows }) => ({ value, rows })),
    ...(chart.others ? [{ value: 'all others', rows: chart.others }] : []),
  ]
  const rows = chart.buckets.map((bucket, i): Bucket => ({ ...bucket, of: named.map((one) => one.rows[i]!) }))
  const columns: Column<Bucket>[] = [
    { head: 'From (UTC)', cell: ({ time }) => <Mono value={time} /> },
    { head: 'Rows', num: true, cell: (bucket) => count(bucket.rows) },
    ...named.map(({ value }, i) => ({ head: value, num: true, cell: ({ of }: Bucket) => count(of[i]!) })),
  ]
  return <List label="Rows over time" rows={rows} columns={columns} rowKey={({ time }) => time} />
}
