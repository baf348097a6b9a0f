import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconKeyboard, IconLogout, IconMoon, IconUser, type Icon } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { may } from '@velocicompanion/api/permissions'
import { leave } from '../features/auth/entry.ts'
import { useMe } from '../lib/me.ts'
import { useFound } from './palette-found.ts'
import { openKeys } from './panes.ts'
import { places } from './places.ts'

export interface Entry {
  id: string
  label: string
  hint?: string
  keys?: string
  icon: Icon
  run: () => void
}

export interface EntryGroup {
  name: string
  entries: Entry[]
}

/** What the palette offers for a text; commands come last. */
export function useEntries(text: string): EntryGroup[] {
  const found = useFound(text)
  const jumps = usePlaces()
  const commands = useCommands()
  const matches = (entry: Entry) => entry.label.toLowerCase().includes(text.toLowerCase())
  return [
    ...found,
    { name: 'Jump to', entries: jumps.filter(matches) },
    { name: 'Do', entries: commands.filter(matches) },
  ].filter((group) => group.entries.length > 0)
}

function usePlaces(): Entry[] {
  const { role } = useMe()
  const navigate = useNavigate()
  return places
    .filter((place) => may(role, place.permission))
    .map(({ to, label, key, icon }) => ({
      id: to,
      label,
      icon,
      keys: `g ${key}`,
      run: () => void navigate({ to: to as '/' }),
    }))
}

function useCommands(): Entry[] {
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const other = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark'
  return [
    { id: 'scheme', label: `Switch to ${other}`, icon: IconMoon, run: () => setColorScheme(other) },
    { id: 'keys', label: 'Show the keyboard sheet', icon: IconKeyboard, keys: '?', run: openKeys },
    { id: 'account', label: 'Account and password', icon: IconUser, run: () => void navigate({ to: '/account' }) },
    {
      id: 'sign-out',
      label: 'Sign out',
      icon: IconLogout,
      run: () => void leave().finally(() => void navigate({ to: '/sign-in', search: {} })),
    },
  ]
}
