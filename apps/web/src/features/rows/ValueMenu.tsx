import { Menu } from '@mantine/core'
import { IconCopy, IconFilterPlus, IconLayoutSidebarRight, IconWorldSearch } from '@tabler/icons-react'
import type { KeyboardEvent } from 'react'
import { Evidence } from '../../ui/evidence.tsx'
import type { ValueAction } from './value-actions.ts'

const icons = { open: IconLayoutSidebarRight, include: IconFilterPlus, everywhere: IconWorldSearch, copy: IconCopy }

/** The longest part of a value that its menu shows; the drawer and the copy have the whole. */
const most = 400

export interface AskedValue {
  field: string
  text: string
  /** Where the value stands in the window. */
  at: { left: number; bottom: number }
}

interface ValueMenuProps {
  asked: AskedValue
  actions: ValueAction[]
  close: () => void
}

/** What can be done with one value, always in the same order and with the same letters. */
export function ValueMenu({ asked, actions, close }: ValueMenuProps) {
  const { field, text, at } = asked
  const onKeyDown = (event: KeyboardEvent) => {
    const hit = actions.find(({ key }) => key === event.key.toLowerCase())
    if (!hit || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    close()
    hit.run()
  }
  return (
    <Menu opened onChange={(opened) => !opened && close()} width={290}>
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: at.left, top: at.bottom, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown onKeyDown={onKeyDown} aria-label={`Value of ${field}`}>
        <div className="valuehead" role="presentation">
          <div className="meta">{field}</div>
          <div className="mono">
            <Evidence text={text.length > most ? `${text.slice(0, most)}…` : text} />
          </div>
        </div>
        <Menu.Divider />
        {actions.map(({ id, label, key, run }) => {
          const Icon = icons[id]
          return (
            <Menu.Item
              key={id}
              leftSection={<Icon size={16} stroke={1.6} />}
              rightSection={<kbd>{key === 'enter' ? 'Enter' : key.toUpperCase()}</kbd>}
              onClick={run}
            >
              {label}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
