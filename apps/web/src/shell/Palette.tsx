/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a datalist can hold neither groups nor icons */
import { Modal } from '@mantine/core'
import { useCombobox } from './useCombobox.ts'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { Keys } from '../ui/Keys.tsx'
import { useDebounced } from '../lib/useDebounced.ts'
import { closePane, pane } from './panes.ts'
import { useEntries, type Entry } from './palette-entries.ts'

/** One field for places, hosts, cases, values and commands. */
export function Palette() {
  const open = pane.use() === 'palette'
  return (
    <Modal
      opened={open}
      onClose={closePane}
      withCloseButton={false}
      size={640}
      yOffset="10vh"
      centered={false}
      styles={{ body: { padding: 0 } }}
      attributes={{ content: { 'aria-label': 'Search or jump to' } }}
    >
      {open && <PaletteBody />}
    </Modal>
  )
}

function PaletteBody() {
  const [text, setText] = useState('')
  const groups = useEntries(useDebounced(text.trim()))
  const entries = groups.flatMap((group) => group.entries)
  const run = (entry: Entry) => {
    closePane()
    entry.run()
  }
  const { at, setAt, onKeyDown } = useCombobox(entries, run)
  return (
    <div className="pal">
      <div style={{ position: 'relative', borderBottom: '1px solid var(--vc-line)' }}>
        <IconSearch size={18} aria-hidden className="palicon" />
        <input
          role="combobox"
          aria-label="Search or jump to"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={entries[at] && `palette-${at}`}
          placeholder="A host, a case, a value, a place or a command"
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          onKeyDown={onKeyDown}
          data-autofocus
        />
      </div>
      <div role="listbox" id="palette-list" aria-label="Results" className="pallist">
        {groups.map((group) => (
          <div key={group.name} role="group" aria-label={group.name}>
            <div className="grp" aria-hidden>
              {group.name}
            </div>
            {group.entries.map((entry) => {
              const i = entries.indexOf(entry)
              return (
                // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the focus stays in the text field, which hears the keys
                <div
                  key={entry.id}
                  id={`palette-${i}`}
                  role="option"
                  aria-selected={i === at}
                  onMouseMove={() => setAt(i)}
                  onClick={() => run(entry)}
                >
                  <entry.icon size={16} stroke={1.6} className="t2" aria-hidden />
                  <span className="trunc">{entry.label}</span>
                  {entry.hint && <span className="meta trunc">{entry.hint}</span>}
                  <span className="grow" />
                  {entry.keys && <Keys keys={entry.keys} />}
                </div>
              )
            })}
          </div>
        ))}
        {entries.length === 0 && (
          <p className="meta" style={{ padding: 16 }}>
            Nothing has this name.
          </p>
        )}
      </div>
      <div className="foot row meta" aria-hidden>
        <span className="kbds">
          <kbd>Up</kbd>
          <kbd>Down</kbd> move
        </span>
        <span className="kbds">
          <kbd>Enter</kbd> open
        </span>
        <span className="kbds">
          <kbd>Esc</kbd> close
        </span>
      </div>
    </div>
  )
}
