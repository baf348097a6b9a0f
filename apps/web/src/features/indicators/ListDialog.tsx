import { Button, Modal, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import type { Tlp } from '@velocicompanion/api/indicators/input'
import type { CaseSeverity } from '@velocicompanion/api/cases/input'
import { client, trpc } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { severityOptions } from '../cases/words.ts'
import { type IndicatorList, tlpOptions } from './words.ts'

const dayOf = (at: string | Date | null) => (at ? new Date(at).toISOString().slice(0, 10) : '')
const timeOf = (day: string) => (day === '' ? null : `${day}T00:00:00Z`)

const startOf = (list: IndicatorList | undefined) => ({
  name: list?.name ?? '',
  benign: list?.benign ?? false,
  tlp: list?.tlp ?? 'amber',
  severity: list?.severity ?? 'medium',
  confidence: list?.confidence ?? 50,
  tags: list?.tags ?? [],
  source: list?.source ?? '',
  note: list?.note ?? '',
  from: dayOf(list?.validFrom ?? null),
  until: dayOf(list?.validUntil ?? null),
  sharedWith: (list?.sharedWith ?? []).map(String),
})
type Values = ReturnType<typeof startOf>

/** The properties of a list; its values stand beside it. */
export function ListDialog({ list, close }: { list: IndicatorList | undefined; close: () => void }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const mayShare = useMay('indicator:share')
  const form = useForm<Values>({ initialValues: startOf(list) })
  const save = useMutation({
    mutationFn: ({ from, until, sharedWith, confidence, ...rest }: Values) => {
      const parts = {
        ...tenant,
        ...rest,
        tlp: rest.tlp as Tlp,
        severity: rest.severity as CaseSeverity,
        confidence: Number(confidence),
        validFrom: timeOf(from),
        validUntil: timeOf(until),
        ...(mayShare && { sharedWith: sharedWith.map(Number) }),
      }
      if (!list) return client.indicators.create.mutate(parts)
      return client.indicators.update.mutate({ ...parts, id: list.id, version: list.version })
    },
    onSuccess: ({ name }) => {
      void utils.indicators.invalidate()
      toast({ text: `${name} is saved.` })
      close()
    },
  })
  return (
    <Modal opened onClose={close} title={list ? `Change ${list.name}` : 'New list'}>
      <form className="col g12" onSubmit={form.onSubmit((values) => save.mutate(values))}>
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
        {save.error && (
          <div className="note bad" role="alert">
            {reasonOf(save.error) === 'stale'
              ? 'Someone saved the list while you were at it. Nothing of yours was saved: close, and change it again.'
              : sentence(save.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'space-between' }}>
          {list ? <Remove list={list} close={close} /> : <span />}
          <Button type="submit" loading={save.isPending}>
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
