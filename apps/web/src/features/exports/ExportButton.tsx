import './exports.css'
import { Button, Popover, Radio } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { exportFormats, type ExportFormat } from '@velocicompanion/api/exports/input'
import { useEffect, useState } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { Dot } from '../../ui/Dot.tsx'
import { visible } from '../../ui/evidence.tsx'
import { useClosing, useSaving } from './useExport.ts'
import { Progress } from './Progress.tsx'
import { formatHint, formatName, groupsHint, isOpen, stateOf } from './words.ts'

interface ExportButtonProps {
  query: string
  /** RFC 3339. */
  from?: string | undefined
  to?: string | undefined
  /** Rows that match; `atLeast` where they were not all counted. */
  total?: number | undefined
  atLeast?: boolean | undefined
  tenant?: number | 'all' | undefined
  /** The columns that are shown, named as a query names fields. */
  columns?: string[] | undefined
  /** The query counts groups: they are written in the place of rows. `total` is how many there are. */
  groups?: { fields: string[]; tenants: boolean } | undefined
}

/** Writes all that match into a file, however many there are. */
export function ExportButton(props: ExportButtonProps) {
  const { total, atLeast, groups } = props
  const [open, setOpen] = useState(false)
  const [made, setMade] = useState<number>()
  const words = groups ? 'Export' : total === undefined || atLeast ? 'Export all…' : `Export all ${count(total)}…`
  return (
    <Popover opened={open} onChange={setOpen} width={380} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          leftSection={<IconDownload size={15} />}
          disabled={total === 0}
          onClick={() => setOpen(!open)}
        >
          {words}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {made === undefined ? (
          <Choose {...props} made={setMade} />
        ) : (
          <Made id={made} another={() => setMade(undefined)} />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

type ChooseProps = ExportButtonProps & { made: (id: number) => void }

function Choose({ query, from, to, tenant, columns, groups, made }: ChooseProps) {
  const [format, setFormat] = useState<ExportFormat>('csv')
  const [fields, setFields] = useState<'all' | 'shown'>('all')
  const utils = trpc.useUtils()
  const create = trpc.exports.create.useMutation({
    onSuccess: ({ id }) => made(id),
    onSettled: () => utils.exports.invalidate(),
  })
  const choosesColumns = format !== 'jsonl' && columns !== undefined && columns.length > 0
  const asked = {
    query,
    format,
    ...(from && { from }),
    ...(to && { to }),
    ...(tenant !== undefined && { tenant }),
    ...(choosesColumns && fields === 'shown' && { columns }),
  }
  return (
    <form
      className="exportform"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate(asked)
      }}
    >
      <Radio.Group label="Format" value={format} onChange={(value) => setFormat(value as ExportFormat)}>
        {exportFormats.map((one) => (
          <Radio
            key={one}
            value={one}
            label={formatName[one]}
            description={groups && one === 'jsonl' ? groupsHint : formatHint[one]}
          />
        ))}
      </Radio.Group>
      {choosesColumns && (
        <Radio.Group label="Columns" value={fields} onChange={(value) => setFields(value as 'all' | 'shown')}>
          <Radio value="all" label="Every field" />
          <Radio
            value="shown"
            label={`The ${count(columns.length)} shown`}
            description={columns.map((column) => visible(column)).join(', ')}
          />
        </Radio.Group>
      )}
      <p className="meta">
        {groups
          ? `Every group of ${groups.fields.map((field) => visible(field)).join(', ')} with its rows, hosts${groups.tenants ? ', tenants' : ''} and its first and newest time, without a limit.`
          : 'Every matching row that is stored now, without a limit, block by block and not sorted.'}{' '}
        You may leave: the bell says when it is done.
      </p>
      {create.error && (
        <p className="exportfault" role="alert">
          {sentence(create.error)}
        </p>
      )}
      <Button type="submit" loading={create.isPending}>
        Export
      </Button>
    </form>
  )
}

function Made({ id, another }: { id: number; another: () => void }) {
  const found = trpc.exports.get.useQuery(
    { id },
    { refetchInterval: ({ state }) => (!state.data || isOpen(state.data) ? 500 : false) },
  )
  const saving = useSaving(id)
  const { cancel } = useClosing()
  const row = found.data
  const ended = row && !isOpen(row)
  const utils = trpc.useUtils()
  useEffect(() => {
    // The bell looks by itself too, but later.
    if (ended) void utils.notifications.invalidate()
  }, [ended, utils])
  if (!row) return <p className="t2">{found.error ? sentence(found.error) : 'Asking…'}</p>
  const { tone, words } = stateOf(row)
  return (
    <div className="exportform">
      <output>
        <Dot tone={tone}>{words}</Dot>
        {row.state === 'done' && <span>{plural(row.rows, row.of)}, nothing left out.</span>}
        {row.notes.map((note) => (
          <span key={note} className="meta">
            {note}
          </span>
        ))}
      </output>
      {isOpen(row) && <Progress row={row} />}
      <div className="row g12">
        {(row.state === 'done' || row.state === 'running') && (
          <Button loading={saving.isPending} onClick={() => saving.mutate()}>
            {row.state === 'done' ? 'Save' : 'Save as it comes'}
          </Button>
        )}
        {isOpen(row) && (
          <Button variant="default" disabled={cancel.isPending} onClick={() => cancel.mutate({ id })}>
            Cancel
          </Button>
        )}
        {!isOpen(row) && (
          <Button variant="default" onClick={another}>
            Export again…
          </Button>
        )}
        <span className="grow" />
        <Link to="/exports">Your exports</Link>
      </div>
    </div>
  )
}
