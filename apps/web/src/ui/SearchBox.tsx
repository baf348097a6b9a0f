import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useDebounced } from '../lib/useDebounced.ts'

interface SearchBoxProps {
  label: string
  value: string | undefined
  onSearch: (text: string | undefined) => void
}

/** A list's filter: typing settles for a moment before it searches. */
export function SearchBox({ label, value = '', onSearch }: SearchBoxProps) {
  const [text, setText] = useState(value)
  const settled = useDebounced(text, 250)
  // oxlint-disable-next-line react/set-state-in-effect -- the address may change beside the box, by back or a link
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (settled === text && settled !== value) onSearch(settled || undefined)
    // Only a settled text searches; a value that came from outside does not answer itself.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only a settled text searches
  }, [settled])
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(e) => setText(e.currentTarget.value)}
      leftSection={<IconSearch size={14} aria-hidden />}
      style={{ width: 280 }}
    />
  )
}
