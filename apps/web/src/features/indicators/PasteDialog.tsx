import { Button, Checkbox, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { IndicatorKind, IndicatorMatch } from '@velocicompanion/api/indicators/input'
import { useState } from 'react'
import { client, trpc, type Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { SweptValue } from './SweepResult.tsx'
import { type IndicatorList, kindOptions, matchOptions } from './words.ts'

interface Read {
  kind: IndicatorKind
  match: IndicatorMatch
  value: string
  broad?: string | undefined
  keep: boolean
}
type Recognition = Outputs['indicators']['recognise']

interface PasteDialogProps {
  /** What was swept already, to be saved. */
  given: SweptValue[] | undefined
  lists: IndicatorList[]
  into: number | undefined
  mayKeep: boolean
  sweep: (values: SweptValue[]) => void
  close: () => void
}

const newList = 'new'

/** Reads a pasted text, lets what was read be corrected, and then sweeps it or saves it. */
export function PasteDialog({ given, lists, into, mayKeep, sweep, close }: PasteDialogProps) {
  const [text, setText] = useState('')
  const [read, setRead] = useState<Read[] | undefined>(given?.map((one) => ({ ...one, match: 'exact', keep: true })))
  const [rest, setRest] = useState<Pick<Recognition, 'others' | 'duplicates'>>({ others: [], duplicates: 0 })
  const recognise = useMutation({
    mutationFn: () => client.indicators.recognise.query({ text }),
    onSuccess: ({ found, ...others }) => {
      setRead(found.map((one) => ({ ...one, match: 'exact', keep: one.broad === undefined })))
      setRest(others)
    },
  })
  const kept = read?.filter(({ keep }) => keep) ?? []
  return (
    <Modal opened onClose={close} size="xl" title={mayKeep ? 'Add or sweep indicators' : 'Sweep indicators'}>
      <div className="col g12">
        {!read && (
          <>
            <Textarea
              label="Indicators, or the text of a report"
              description="Defanged ones are understood: hxxp://, [.], (dot), [at]."
              autosize
              minRows={8}
              maxRows={18}
              data-autofocus
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            {recognise.error && <Fault error={recognise.error} />}
            <Button disabled={text.trim() === ''} loading={recognise.isPending} onClick={() => recognise.mutate()}>
              Read
            </Button>
          </>
        )}
        {read && (
          <>
            <Summary read={read} {...rest} />
            <div className="recognised">
              <List
                label="What was read"
                rows={read.map((one, at) => ({ ...one, at }))}
                rowKey={({ at }) => at}
                columns={columnsOf((at, parts) =>
                  setRead((old) => old!.map((one, i) => (i === at ? { ...one, ...parts } : one))),
                )}
              />
            </div>
            {!given && (
              <Button
                variant={mayKeep ? 'default' : 'filled'}
                disabled={kept.length === 0}
                onClick={() => {
                  sweep(kept.map(({ kind, value }) => ({ kind, value })))
                  close()
                }}
              >
                Sweep, and keep nothing
              </Button>
            )}
            {mayKeep && <Save kept={kept} lists={lists} into={into} close={close} />}
          </>
        )}
      </div>
    </Modal>
  )
}

const Fault = ({ error }: { error: unknown }) => (
  <div className="note bad" role="alert">
    {sentence(error)}
  </div>
)

function Summary({ read, others, duplicates }: { read: Read[] } & Pick<Recognition, 'others' | 'duplicates'>) {
  const broad = read.filter((one) => one.broad !== undefined).length
  return (
    <output>
      {plural(read.length, 'indicator')} read
      {duplicates > 0 && `, ${plural(duplicates, 'duplicate')} left out`}
      {broad > 0 && `, ${broad} would find too much and ${broad === 1 ? 'is' : 'are'} not ticked`}.
      {others.length > 0 && (
        <details>
          <summary>{plural(others.length, 'line')} without an indicator</summary>
          <ul>
            {others.map(({ line, text }) => (
              <li key={line}>
                line {line}: <Mono value={text} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </output>
  )
}

type Placed = Read & { at: number }
const columnsOf = (change: (at: number, parts: Partial<Read>) => void): Column<Placed>[] => [
  {
    head: '',
    label: 'Take',
    cell: (row) => (
      <Checkbox
        aria-label={`Take ${row.value}`}
        checked={row.keep}
        onChange={(event) => change(row.at, { keep: event.currentTarget.checked })}
      />
    ),
  },
  {
    head: 'Kind',
    cell: (row) => (
      <Select
        aria-label={`Kind of ${row.value}`}
        data={kindOptions}
        allowDeselect={false}
        value={row.kind}
        onChange={(kind) => change(row.at, { kind: kind as IndicatorKind })}
        style={{ width: 140 }}
      />
    ),
  },
  {
    head: 'Value',
    wrap: true,
    cell: (row) => (
      <>
        <Mono value={row.value} />
        {row.broad && <div className="broad meta">{row.broad}</div>}
      </>
    ),
  },
  {
    head: 'Matches',
    cell: (row) => (
      <Select
        aria-label={`How ${row.value} matches`}
        data={matchOptions}
        allowDeselect={false}
        value={row.match}
        onChange={(match) => change(row.at, { match: match as IndicatorMatch })}
        style={{ width: 150 }}
      />
    ),
  },
]

interface SaveProps {
  kept: Read[]
  lists: IndicatorList[]
  into: number | undefined
  close: () => void
}

function Save({ kept, lists, into, close }: SaveProps) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const own = lists.some(({ id }) => id === into)
  const [list, setList] = useState(own ? String(into) : newList)
  const [name, setName] = useState('')
  const save = useMutation({
    mutationFn: async () => {
      const indicators = kept.map(({ kind, match, value }) => ({ kind, match, value }))
      if (list === newList) {
        const made = await client.indicators.create.mutate({ ...tenant, name, indicators })
        return `${name} is saved with ${plural(made.indicators, 'indicator')}.`
      }
      const { added, known } = await client.indicators.add.mutate({ ...tenant, id: Number(list), indicators })
      return `${plural(added, 'indicator')} added${known > 0 ? `, ${known} stood there already` : ''}.`
    },
    onSuccess: (words) => {
      void utils.indicators.invalidate()
      toast({ text: words })
      close()
    },
  })
  return (
    <>
      <Select
        label="Save to"
        allowDeselect={false}
        data={[
          { value: newList, label: 'A new list' },
          ...lists.map(({ id, name: of }) => ({ value: String(id), label: of })),
        ]}
        value={list}
        onChange={(value) => setList(value ?? newList)}
      />
      {list === newList && (
        <TextInput
          label="Name of the list"
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      {save.error && <Fault error={save.error} />}
      <Button
        disabled={kept.length === 0 || (list === newList && name.trim() === '')}
        loading={save.isPending}
        onClick={() => save.mutate()}
      >
        Save {plural(kept.length, 'indicator')}
      </Button>
    </>
  )
}
