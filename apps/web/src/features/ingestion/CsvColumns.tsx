import { Select, TextInput } from '@mantine/core'
import { plural } from '../../lib/format.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Mapping, Preview } from './csv.ts'

interface CsvColumnsProps {
  preview: Preview
  change: (mapping: Mapping) => void
}

const orders = [
  { value: '', label: '2026-04-03 or Unix time' },
  { value: 'dmy', label: '03/04/2026, day first' },
  { value: 'mdy', label: '04/03/2026, month first' },
]

/** Which column of a CSV says what, and what becomes of its first rows by that. */
export function CsvColumns({ preview, change }: CsvColumnsProps) {
  const { mapping, header, unread, refused } = preview
  const set = (more: { [K in keyof Mapping]?: Mapping[K] | undefined }) =>
    change(Object.fromEntries(Object.entries({ ...mapping, ...more }).filter(([, value]) => value)) as Mapping)
  const pick = (key: 'hostname' | 'clientId' | 'time' | 'source', label: string, none: string) => (
    <Select
      label={label}
      className="grow"
      data={[
        { value: '', label: none },
        ...[...new Set(header)].filter(Boolean).map((name) => ({ value: name, label: name })),
      ]}
      allowDeselect={false}
      searchable
      value={mapping[key] ?? ''}
      onChange={(value) => set({ [key]: value ?? undefined })}
    />
  )
  return (
    <>
      <Origin preview={preview} />
      <div className="row top g12">
        {pick('hostname', 'Column of the host', 'None: one host')}
        {pick('clientId', 'Column of the client id', 'None')}
      </div>
      <div className="row top g12">
        {pick('time', 'Column of the time', 'None: as its names say')}
        {mapping.time && (
          <Select
            label="Times are written as"
            className="grow"
            data={orders}
            allowDeselect={false}
            value={mapping.timeOrder ?? ''}
            onChange={(value) => set({ timeOrder: (value || undefined) as Mapping['timeOrder'] })}
          />
        )}
      </div>
      <div className="row top g12">
        {pick('source', 'Column of the source', 'None: one source')}
        {!mapping.source && (
          <TextInput
            label="Name of the source"
            className="grow"
            maxLength={1000}
            placeholder={preview.rows[0]?.source ?? ''}
            value={mapping.artifact ?? ''}
            onChange={(event) => set({ artifact: event.currentTarget.value })}
          />
        )}
      </div>
      {refused && (
        <div className="note bad" role="alert">
          {refused}
        </div>
      )}
      {unread > 0 && (
        <div className="note bad" role="alert">
          {plural(unread, 'of these rows has', 'of these rows have')} no time that can be read.
        </div>
      )}
      <List label="First rows" rows={[...preview.rows.entries()]} rowKey={([i]) => i} columns={columns} />
    </>
  )
}

function Origin({ preview: { remembered, mapping } }: { preview: Preview }) {
  if (remembered)
    return (
      <div className="t2">
        These columns were here before: as <b className="b">{remembered.by}</b> said, <Time at={remembered.at} />.
      </div>
    )
  return (
    <div className="t2">
      These columns are new{Object.keys(mapping).length > 0 && '; what is chosen below is a guess from their names'}.
      What you choose is remembered for the next file that has the same columns.
    </div>
  )
}

const columns: Column<[number, Preview['rows'][number]]>[] = [
  { head: 'Host', cell: ([, { host }]) => <Mono value={host} /> },
  {
    head: 'Time',
    cell: ([, { time }]) =>
      time === null ? <span className="t3">of the import</span> : <Time at={time} form="exact" />,
  },
  { head: 'Source', cell: ([, { source }]) => <Mono value={source} /> },
  { head: 'Row', fill: true, cell: ([, { row }]) => <Mono value={row} /> },
]
