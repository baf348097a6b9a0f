import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconKeyboard, IconLogout, IconMoon, IconRowInsertBottom, IconSun, IconUser } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { leave } from '../features/auth/entry.ts'
import { initials } from '../lib/format.ts'
import { useMe } from '../lib/me.ts'
import { density } from '../lib/prefs.ts'
import { roleName } from '../lib/roles.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { openKeys } from './panes.ts'

export function UserMenu() {
  const me = useMe()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const rows = density.use()
  const other = scheme === 'dark' ? 'light' : 'dark'
  const otherRows = rows === 'compact' ? 'comfortable' : 'compact'
  const signOut = () => leave().finally(() => void navigate({ to: '/sign-in', search: {} }))
  return (
    <Menu width={240} position="bottom-end">
      <Menu.Target>
        <button
          type="button"
          className="avatarbtn"
          aria-label={`${initials(me.username)}, account and settings of ${me.username}`}
        >
          <Avatar name={me.username} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.username} · {roleName[me.role]}
        </Menu.Label>
        <Menu.Item leftSection={<IconUser size={16} stroke={1.6} />} onClick={() => void navigate({ to: '/account' })}>
          Account and password
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={other === 'dark' ? <IconMoon size={16} stroke={1.6} /> : <IconSun size={16} stroke={1.6} />}
          onClick={() => setColorScheme(other)}
        >
          Switch to {other}
        </Menu.Item>
        <Menu.Item leftSection={<IconRowInsertBottom size={16} stroke={1.6} />} onClick={() => density.set(otherRows)}>
          {otherRows === 'compact' ? 'Compact rows' : 'Comfortable rows'}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} stroke={1.6} />} rightSection={<kbd>?</kbd>} onClick={openKeys}>
          Keyboard
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.6} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
