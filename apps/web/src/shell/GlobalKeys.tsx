import { useNavigate } from '@tanstack/react-router'
import { may } from '@velocicompanion/api/permissions'
import { useKeys } from '../lib/keys.ts'
import { useMe } from '../lib/me.ts'
import { openKeys, openPalette } from './panes.ts'
import { places } from './places.ts'

export function GlobalKeys() {
  const navigate = useNavigate()
  const { role } = useMe()
  useKeys('Anywhere', [
    { keys: 'ctrl+k', label: 'Search or jump to', run: openPalette },
    { keys: '?', label: 'This sheet', run: openKeys },
    ...places
      .filter((place) => may(role, place.permission))
      .map(({ to, label, key }) => ({
        keys: `g ${key}`,
        label: `Go to ${label}`,
        run: () => void navigate({ to: to as '/' }),
      })),
    { keys: '[', label: 'Back', run: () => history.back() },
    { keys: ']', label: 'Forward', run: () => history.forward() },
  ])
  return null
}
