import { IconQuestionMark } from '@tabler/icons-react'
import { useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react'
import { useKeys } from '../../lib/keys.ts'
import { openKeys } from '../../shell/panes.ts'
import { Act } from '../../ui/Act.tsx'
import { Coloured } from './Coloured.tsx'
import { Suggestions } from './Suggestions.tsx'
import { useSuggestions } from './useSuggestions.ts'

export interface EditorProps {
  text: string
  off: number[]
  change: (text: string) => void
  run: () => void
  settle: () => void
  /** Where the query can't be read. */
  fault: { at: number } | undefined
  area: RefObject<HTMLTextAreaElement | null>
  /** At the right inside the bar. */
  side?: ReactNode
}

/** One line that grows to five; the colours lie under a text field, which has the caret, the selection and the undo of any other. */
export function Editor({ text, off, change, run, settle, fault, area, side }: EditorProps) {
  const [at, setAt] = useState(0)
  const mark = useRef<HTMLSpanElement>(null)
  const take = (insert: string, from: number, to: number) => {
    change(text.slice(0, from) + insert + text.slice(to))
    requestAnimationFrame(() => {
      area.current?.setSelectionRange(from + insert.length, from + insert.length)
      setAt(from + insert.length)
    })
  }
  const found = useSuggestions(text, at, take)
  useKeys('Query', [
    { keys: '/', label: 'Go to the query', run: () => area.current?.focus() },
    { keys: 'Enter', label: 'Run', shownOnly: true },
    { keys: 'shift+Enter', label: 'New line', shownOnly: true },
    { keys: 'ctrl+Space', label: 'Suggest a field or value', shownOnly: true },
  ])
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return
    if (found.onKey(event)) event.preventDefault()
    else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      found.close()
      run()
    } else if (event.key === 'Escape') {
      area.current?.blur()
      document.querySelector<HTMLElement>('[role=grid]')?.focus()
    }
  }
  return (
    <div className="qedit">
      <div className="qscroll">
        <Coloured text={text} off={off} fault={fault?.at} mark={found.from} markRef={mark} />
        <textarea
          ref={area}
          rows={1}
          value={text}
          aria-label="Query"
          aria-invalid={fault !== undefined}
          aria-describedby={fault && 'query-fault'}
          aria-autocomplete="list"
          aria-controls={found.isOpen ? 'query-suggestions' : undefined}
          aria-activedescendant={found.isOpen && found.chosen >= 0 ? `suggestion-${found.chosen}` : undefined}
          placeholder={'"a whole value"  *part*  Name:svc*  host:name  NOT (…)  | groupby Name'}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => {
            change(event.target.value)
            setAt(event.target.selectionStart)
            found.typed()
          }}
          onSelect={(event) => setAt(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => {
            found.close()
            settle()
          }}
        />
      </div>
      <div className="side">
        {side}
        <Act label="Keys" kbd="?" size={24} icon={<IconQuestionMark size={16} />} onClick={openKeys} />
      </div>
      {found.isOpen && <Suggestions found={found} mark={mark} />}
    </div>
  )
}
