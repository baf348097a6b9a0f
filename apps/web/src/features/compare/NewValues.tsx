import { SegmentedControl } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Of } from './Differences.tsx'
import { Columns, ExactCell, pageSize, Steps, textOf } from './parts.tsx'
import { Told } from './Told.tsx'

type Found = Outputs['compare']['values']
type Value = Found['values'][number]

/** What the right side has and the left does not, by value: the fewest hosts first, or the most. */
export function NewValues({ of }: { of: Of }) {
  const search = useSearch({ from: '/app/compare' })
  const { key, order = 'fewest', at = 0 } = search
  const found = trpc.compare.values.useQuery(
    {
      left: of.right,
      right: of.left,
      sourceId: of.sourceId,
      ...(key?.length && { fields: key }),
      order,
      offset: at,
      limit: pageSize,
      ...useOneTenant(),
    },
    { staleTime: 60_000 },
  )
  return <Loaded query={found}>{(data) => <Shown found={data} />}</Loaded>
}

function Shown({ found }: { found: Found }) {
  const search = useSearch({ from: '/app/compare' })
  const setSearch = useSetSearch<typeof search>()
  const { order = 'fewest', at = 0 } = search
  const [after, before] = [found.sides[0]!, found.sides[1]!]
  return (
    <>
      <Told sides={[before, after]} />
      <div className="comparehow">
        <Columns
          label="Values of"
          columns={found.columns}
          value={found.fields}
          change={(key) => setSearch({ key: key.length > 0 ? key : undefined, at: undefined })}
        />
      </div>
      <div className="filterbar">
        <SegmentedControl
          aria-label="Order"
          value={order}
          data={[
            { value: 'fewest', label: 'Least common' },
            { value: 'most', label: 'Most common' },
          ]}
          onChange={(value) => setSearch({ order: value as 'fewest' | 'most', at: undefined })}
        />
        <span className="meta">
          {`${plural(found.total, 'value')} in ${plural(found.newRows, 'row')} that the baseline does not have · ${count(found.tookMs)} ms`}
          {found.rowsLeftOut > 0 &&
            ` · ${plural(found.rowsLeftOut, 'row')} of further values are counted and not listed`}
        </span>
      </div>
      {found.values.length === 0 ? (
        <EmptyState title="Nothing is new">Every value was there before.</EmptyState>
      ) : (
        <List
          label="New values"
          rows={found.values}
          rowKey={({ values }) => JSON.stringify(values)}
          columns={columnsOf(found, after)}
        />
      )}
      <Steps
        at={at}
        shown={found.values.length}
        total={found.total}
        go={(next) => setSearch({ at: next || undefined })}
      />
    </>
  )
}

const columnsOf = ({ fields, source }: Found, after: Found['sides'][number]): Column<Value>[] => [
  ...fields.map((name, i) => ({
    head: <Mono value={name} />,
    wrap: true,
    cell: ({ values }: Value) => <ExactCell json={values[i] ?? null} />,
  })),
  { head: 'Rows', num: true, cell: ({ rows }) => count(rows) },
  { head: 'Seen on', cell: ({ hosts }) => `${count(hosts)} of ${plural(after.hosts, 'host')}` },
  {
    head: '',
    label: 'Actions',
    num: true,
    cell: (value) => <ShowRows fields={fields} source={source} value={value} />,
  },
]

/** The rows of a value; not offered where one of its parts is cut, long or no plain value. */
function ShowRows({ fields, source, value }: { fields: string[]; source: string; value: Value }) {
  const plain = value.values.every((json) => json !== null && !json.endsWith('…') && !/^[[{]/.test(json))
  if (!plain) return null
  const parts = fields.map((name, i) => `${name}:${quoteValue(textOf(value.values[i]!))}`)
  return (
    <Link className="link" to="/hunt" search={{ query: [`source:${quoteValue(source)}`, ...parts].join(' ') }}>
      Show rows
    </Link>
  )
}
