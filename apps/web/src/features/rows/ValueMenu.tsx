import { Menu } from '@mantine/core'
import {
  IconAlarm,
  IconBriefcase,
  IconCircleCheck,
  IconCopy,
  IconCopyOff,
  IconFilterMinus,
  IconFilterPlus,
  IconFocus2,
  IconSitemap,
  IconStack2,
  IconTarget,
  IconWorldSearch,
} from '@tabler/icons-react'
import { Fragment, type KeyboardEvent } from 'react'
import { trpc } from '../../api.ts'
import { count, dayTime, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { Keys } from '../../ui/Keys.tsx'
import { type AskedValue, textOf } from './asked.ts'
import { Shown } from './cells.tsx'
import type { ActionId, ValueAction } from './value-actions.ts'

export const actionIcons: Record<ActionId, typeof IconCopy> = {
  include: IconFilterPlus,
  exclude: IconFilterMinus,
  only: IconFocus2,
  group: IconStack2,
  timeline: IconAlarm,
  everywhere: IconWorldSearch,
  processes: IconSitemap,
  case: IconBriefcase,
  indicators: IconTarget,
  benign: IconCircleCheck,
  copy: IconCopy,
  defanged: IconCopyOff,
}

/** A line stands before these. */
const begins = new Set<ActionId>(['timeline', 'case', 'copy'])

/** The longest part of a value that its menu shows; the drawer and the copy have the whole. */
const most = 400

interface ValueMenuProps {
  asked: AskedValue
  /** Where the value stands in the window. */
  at: { left: number; bottom: number }
  actions: ValueAction[]
  close: () => void
}

export const letterOf = ({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>) =>
  key.length === 1 ? `${shiftKey ? 'shift+' : ''}${key.toLowerCase()}` : ''

/** The one menu of every value: the same actions, order and letters wherever it stands. */
export function ValueMenu({ asked, at, actions, close }: ValueMenuProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    const hit = actions.find(({ key }) => key === letterOf(event))
    if (!hit || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    close()
    hit.run()
  }
  return (
    <Menu
      opened
      onChange={(opened) => !opened && close()}
      width={300}
      position="bottom-start"
      // A long menu over a low row stays inside of the window.
      middlewares={{ flip: true, shift: { crossAxis: true, padding: 8 } }}
      returnFocus
    >
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: at.left, top: at.bottom, width: 1, height: 1 }}>
          <span className="sr">Value of {asked.name}</span>
        </span>
      </Menu.Target>
      <Menu.Dropdown onKeyDown={onKeyDown} mah="calc(100vh - 16px)" style={{ overflowY: 'auto' }}>
        <div className="valuehead" role="presentation">
          <div className="meta mono">{asked.name}</div>
          <div className="mono">
            <Shown value={asked.value} most={most} />
          </div>
          <div className="meta seen">
            <Seen text={textOf(asked.value)} value={asked.value} />
          </div>
        </div>
        {actions.map(({ id, label, key, run }, i) => {
          const Icon = actionIcons[id]
          return (
            <Fragment key={id}>
              {(i === 0 || begins.has(id)) && <Menu.Divider />}
              <Menu.Item leftSection={<Icon size={16} stroke={1.6} />} rightSection={<Keys keys={key} />} onClick={run}>
                {label}
              </Menu.Item>
            </Fragment>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

/** How often and where a text or a number was seen, in any field. */
function Seen({ text, value }: { text: string; value: AskedValue['value'] }) {
  const asks = text !== '' && text.length <= 10_000 && (typeof value === 'string' || typeof value === 'object')
  const tenant = useTenant()
  const still = { enabled: asks && value !== null, staleTime: 60_000, retry: false }
  const seen = trpc.values.seen.useQuery({ value: text, limit: 1, ...tenant }, still)
  const hosts = trpc.hosts.list.useQuery({ limit: 1, ...tenant }, still).data?.total
  if (!still.enabled) return null
  if (seen.error) return 'How often it was seen is not known now.'
  if (!seen.data) return <span aria-hidden>…</span>
  const { rows, hostsTotal, first } = seen.data
  if (rows === 0) return 'Not seen as a whole value.'
  return (
    <>
      {`${plural(rows, 'row')} · seen on ${count(hostsTotal)}${hosts === undefined ? '' : ` of ${count(hosts)}`} ${(hosts ?? hostsTotal) === 1 ? 'host' : 'hosts'}`}
      <br />
      First seen{' '}
      <time dateTime={first!} title={`${first!}, in any field`}>
        {dayTime(first!)}
      </time>
    </>
  )
}
