import { Modal } from '@mantine/core'
import { keyGroups } from '../lib/keys.ts'
import { Keys } from '../ui/Keys.tsx'
import { closePane, pane } from './panes.ts'

/** The keys that work on this page, taken from what is listening. */
export function KeySheet() {
  const open = pane.use() === 'keys'
  const groups = keyGroups.use()
  const names = [...new Set(groups.map((group) => group.name))]
  return (
    <Modal opened={open} onClose={closePane} title="Keyboard" size={840}>
      <div className="keysheet">
        {names.map((name) => (
          <section key={name} aria-label={name}>
            <h3 className="h3">{name}</h3>
            <ul>
              {groups
                .filter((group) => group.name === name)
                .flatMap((group) => group.keys)
                .map(({ keys, label }) => (
                  <li key={keys}>
                    <span className="grow t2">{label}</span>
                    <Keys keys={keys} />
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      <p className="meta" style={{ marginTop: 12 }}>
        Single letters work when no text field has the focus. Turn them off under “Account and password”; everything
        stays reachable with Tab, Enter and the arrows.
      </p>
    </Modal>
  )
}
