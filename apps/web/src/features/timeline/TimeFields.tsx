import { Button, Popover, Select } from '@mantine/core'
import { IconClockCog } from '@tabler/icons-react'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { fieldName } from './words.ts'

type Lane = Outputs['timeline']['lanes']['lanes'][number]
type Asked = Extract<Parameters<typeof trpc.timeline.lanes.useQuery>[0], { hostId: number }>

/** Which field of each source places its rows on timelines: all that tell times are offered, for everyone of the tenant. */
export function TimeFields({ asked }: { asked: Asked }) {
  const all = useAllTenants()
  const mayWork = useMay('case:work')
  if (!mayWork || all) return null
  return (
    <Popover width={420} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="subtle" leftSection={<IconClockCog size={15} />}>
          Time fields
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time fields">
        <Choices asked={asked} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Choices({ asked }: { asked: Asked }) {
  const found = trpc.timeline.lanes.useQuery({ ...asked, query: '', every: true, off: [] })
  const utils = trpc.useUtils()
  const set = trpc.timeline.setTimeField.useMutation({ onSuccess: () => utils.timeline.invalidate() })
  return (
    <Loaded query={found}>
      {({ lanes }) => (
        <div className="timefields">
          {lanes.filter(hasTimes).map((lane) => (
            <Select
              key={lane.id}
              label={visible(lane.name)}
              data={optionsOf(lane)}
              value={lane.timeField ?? ''}
              disabled={set.isPending}
              allowDeselect={false}
              comboboxProps={{ withinPortal: false }}
              onChange={(field) => set.mutate({ sourceId: lane.id, field: field || null })}
            />
          ))}
          {set.error && <p role="alert">{set.error.message}</p>}
        </div>
      )}
    </Loaded>
  )
}

const timesOf = ({ fields }: Lane) => fields.filter(({ field }) => field !== 'null')

const hasTimes = (lane: Lane) => lane.timeField !== null || timesOf(lane).length > 0

function optionsOf(lane: Lane) {
  const told = timesOf(lane).map(({ field, rows }) => ({ value: field, label: `${fieldName(field)} · ${count(rows)}` }))
  const { timeField } = lane
  const chosen =
    timeField === null || told.some(({ value }) => value === timeField)
      ? []
      : [{ value: timeField, label: fieldName(timeField) }]
  return [{ value: '', label: 'As the rows suggest' }, ...chosen, ...told]
}
