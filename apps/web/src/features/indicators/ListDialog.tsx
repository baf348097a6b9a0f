import { Button, Modal, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import type { Tlp } from '@velocicompanion/api/indicators/input'
import type { CaseSeverity } from '@velocicompanion/api/cases/input'
import { useState } from 'react'
import { client, trpc } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { problemData, reasonOf, sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { severityOptions } from '../cases/words.ts'
import { changedIn, type ListValues, merged, valuesOf } from './list-values.ts'
import { ListConflict } from './ListConflict.tsx'
import { type IndicatorList, tlpOptions } from './words.ts'

const timeOf = (day: string) => (day === '' ? null : `${day}T00:00:00Z`)

/** As the server takes it; of a list that is there, only what is given. */
function partsOf({ from, until, sharedWith, tlp, severity, confidence, ...rest }: Partial<ListValues>) {
  return {
    ...rest,
    ...(tlp !== undefined && { tlp: tlp as Tlp }),
    ...(severity !== undefined && { severity: severity as CaseSeverity }),
    ...(confidence !== undefined && { confidence: Number(confidence) }),
    ...(from !== undefined && { validFrom: timeOf(from) }),
    ...(until !== undefined && { validUntil: timeOf(until) }),
    ...(sharedWith !== undefined && { sharedWith: sharedWith.map(Number) }),
  }
}

const pick = (values: ListValues, fields: (keyof ListValues)[]): Partial<ListValues> =>
  Object.fromEntries(fields.map((field) => [field, values[field]]))

interface Saved {
  values: ListValues
  /** What was changed; none: a new list. */
  of: IndicatorList | undefined
}

/** The properties of a list; its values stand beside it. */
export function ListDialog({ list, close }: { list: IndicatorList | undefined; close: () => void }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const mayShare = useMay('indicator:share')
  const [base, setBase] = useState(list)
  const [theirs, setTheirs] = useState<IndicatorList>()
  const form = useForm<ListValues>({ initialValues: valuesOf(list) })
  const save = useMutation({
    mutationFn: ({ values, of }: Saved) => {
      if (!of) {
        const { sharedWith, ...own } = values
        return client.indicators.create.mutate({
          ...tenant,
          ...partsOf({ ...own, ...(mayShare && { sharedWith }) }),
          name: values.name,
        })
      }
      const parts = partsOf(pick(values, changedIn(valuesOf(of), values)))
      return client.indicators.update.mutate({ ...tenant, ...parts, id: of.id, version: of.version })
    },
    onSuccess: ({ name }) => {
      void utils.indicators.invalidate()
      toast({ text: `${name} is saved.` })
      close()
    },
    onError: (error, { values: mine, of }) => {
      if (reasonOf(error) !== 'stale' || !of) return
      const saved = problemData(error).detail?.['theirs'] as IndicatorList
      const { values, both } = merged(valuesOf(of), mine, valuesOf(saved))
      form.setValues(values)
      setBase(saved)
      setTheirs(both.length > 0 ? saved : undefined)
      // What they changed elsewhere stays as they left it.
      if (both.length === 0) save.mutate({ values, of: saved })
    },
  })
  const conflicts = theirs && changedIn(valuesOf(theirs), form.values)
  return (
    <Modal opened onClose={close} title={list ? `Change ${list.name}` : 'New list'}>
      <form className="col g12" onSubmit={form.onSubmit((values) => save.mutate({ values, of: base }))}>
        <TextInput label="Name" required maxLength={200} data-autofocus {...form.getInputProps('name')} />
        <Switch
          label="Benign: own scanners, admin tools. Its values are never a hit."
          {...form.getInputProps('benign', { type: 'checkbox' })}
        />
        <Select label="TLP" data={tlpOptions} allowDeselect={false} {...form.getInputProps('tlp')} />
        <Select label="Severity" data={severityOptions} allowDeselect={false} {...form.getInputProps('severity')} />
        <NumberInput label="Confidence, 0 to 100" min={0} max={100} {...form.getInputProps('confidence')} />
        <TagsInput label="Tags" {...form.getInputProps('tags')} />
        <TextInput label="Source" maxLength={1000} {...form.getInputProps('source')} />
        <Textarea label="Note" autosize minRows={2} {...form.getInputProps('note')} />
        <TextInput label="Valid from (UTC)" type="date" {...form.getInputProps('from')} />
        <TextInput label="Valid until (UTC)" type="date" {...form.getInputProps('until')} />
        {mayShare && <TagsInput label="Shared with tenants, by their numbers" {...form.getInputProps('sharedWith')} />}
        {theirs && conflicts && (
          <ListConflict
            theirs={valuesOf(theirs)}
            mine={form.values}
            fields={conflicts}
            busy={save.isPending}
            onTheirs={() => {
              form.setValues(valuesOf(theirs))
              setTheirs(undefined)
            }}
            onMine={() => save.mutate({ values: form.values, of: base })}
          />
        )}
        {save.error && reasonOf(save.error) !== 'stale' && (
          <div className="note bad" role="alert">
            {sentence(save.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'space-between' }}>
          {list ? <Remove list={list} close={close} /> : <span />}
          <Button type="submit" loading={save.isPending} disabled={theirs !== undefined}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function Remove({ list, close }: { list: IndicatorList; close: () => void }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const back = () =>
    void client.indicators.restore.mutate({ ...tenant, id: list.id }).then(() => utils.indicators.invalidate())
  const remove = useMutation({
    mutationFn: () => client.indicators.delete.mutate({ ...tenant, id: list.id, version: list.version }),
    onSuccess: () => {
      void utils.indicators.invalidate()
      toast({ text: `${list.name} is deleted.`, undo: back })
      close()
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <Button variant="subtle" loading={remove.isPending} onClick={() => remove.mutate()}>
      Delete the list
    </Button>
  )
}
