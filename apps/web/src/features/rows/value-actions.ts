import { useNavigate } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { copyText } from '../../ui/Copy.tsx'
import { toast } from '../../ui/toast.tsx'
import type { GridColumn } from './columns.ts'

export interface ValueAction {
  id: 'open' | 'include' | 'everywhere' | 'copy'
  label: string
  /** Pressed on the value or in its menu. */
  key: string
  run: () => void
}

/** Queries are at most so long; a longer value can still be copied. */
const longest = 4000

/** What can be done with a value. `here` is the query of what is on the screen, which "Include" narrows down. */
export function useValueActions<T>(here: string, open: (row: T) => void) {
  const navigate = useNavigate()
  const search = (query: string) => void navigate({ to: '/hunt', search: { query } })
  return (row: T, column: GridColumn<T>, text: string): ValueAction[] => {
    const asked = column.field ? `${column.field}:${quoteValue(text)}` : quoteValue(text)
    const searchable = !column.ours && text !== '' && asked.length <= longest
    return [
      { id: 'open', label: 'Open the row', key: 'enter', run: () => open(row) },
      ...(searchable
        ? ([
            { id: 'include', label: 'Include', key: 'i', run: () => search(here === '' ? asked : `${here} ${asked}`) },
            { id: 'everywhere', label: 'Everywhere it was seen', key: 'w', run: () => search(asked) },
          ] satisfies ValueAction[])
        : []),
      { id: 'copy', label: 'Copy value', key: 'y', run: () => void copy(text) },
    ]
  }
}

async function copy(text: string) {
  const done = await copyText(text)
  toast({
    text: done ? 'Copied.' : 'The browser refused the clipboard. Open the row, select the text and copy it by hand.',
  })
}
