import { Select } from '@mantine/core'
import type { Side } from '@velocicompanion/api/compare/input'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { dayTime, plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { useDebounced } from '../../lib/useDebounced.ts'
import { visible } from '../../ui/evidence.tsx'
import { readSide, sideText } from './sides.ts'

const kinds = [
  { value: 'collection', label: 'A collection' },
  { value: 'host', label: 'A host, newest' },
  { value: 'hunt', label: 'A hunt' },
]

interface PickerProps {
  label: string
  side: Side | undefined
  /** What the other side is: its kind is taken first. */
  other: Side | undefined
  choose: (side: string) => void
}

/** Chooses what stands on a side. */
export function SidePicker({ label, side, other, choose }: PickerProps) {
  const [kind, setKind] = useState<Side['kind']>(side?.kind ?? other?.kind ?? 'collection')
  return (
    <div className="row g8 sidepicker">
      <Select
        aria-label={`${label}: what it is`}
        data={kinds}
        value={kind}
        allowDeselect={false}
        w={150}
        onChange={(value) => setKind(value as Side['kind'])}
      />
      <Options key={kind} {...{ label, kind, side, choose }} />
    </div>
  )
}

interface OptionsProps {
  label: string
  kind: Side['kind']
  side: Side | undefined
  choose: (side: string) => void
}

function Options({ label, kind, side, choose }: OptionsProps) {
  const [text, setText] = useState('')
  const query = useDebounced(text, 200)
  const options = useOptions(kind, query)
  const value = side?.kind === kind ? sideText(side) : null
  const data =
    value !== null && !options.some((one) => one.value === value) ? [{ value, label: value }, ...options] : options
  return (
    <Select
      aria-label={label}
      placeholder="Choose…"
      searchable
      className="grow"
      data={data}
      value={value}
      allowDeselect={false}
      nothingFoundMessage="Nothing of that name"
      maxDropdownHeight={320}
      onSearchChange={setText}
      // Hosts are looked for by the server.
      {...(kind === 'host' && { filter: ({ options: found }) => found })}
      onChange={(chosen) => {
        if (chosen && readSide(chosen)) choose(chosen)
      }}
    />
  )
}

function useOptions(kind: Side['kind'], query: string) {
  const tenant = useOneTenant()
  const collections = trpc.collections.list.useQuery({ ...tenant, limit: 200 }, { enabled: kind === 'collection' })
  // What was chosen stands in the field, and is no word to look for.
  const word = query.includes(' · ') ? '' : query.trim()
  const hosts = trpc.hosts.list.useQuery(
    { ...tenant, limit: 50, ...(word && { query: word }) },
    { enabled: kind === 'host', placeholderData: (old) => old },
  )
  const hunts = trpc.collections.hunts.useQuery({ ...tenant, limit: 200 }, { enabled: kind === 'hunt' })
  if (kind === 'host')
    return (hosts.data?.rows ?? []).map(({ id, hostname, os }) => ({
      value: `host:${id}`,
      label: [visible(hostname), os ?? 'system not known'].join(' · '),
    }))
  if (kind === 'hunt')
    return (hunts.data?.rows ?? []).map(({ huntId, description, hosts: n }) => ({
      value: `hunt:${huntId}`,
      label: visible([huntId, description, plural(n, 'host')].filter(Boolean).join(' · ')),
    }))
  return (collections.data?.rows ?? []).map(({ id, hostname, flowId, artifacts, createdAt }) => ({
    value: `collection:${id}`,
    label: visible(
      [hostname, flowId, artifacts.slice(0, 2).join(', '), dayTime(createdAt)].filter(Boolean).join(' · '),
    ),
  }))
}
