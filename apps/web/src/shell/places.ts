import { IconSettings, type Icon } from '@tabler/icons-react'
import type { Permission } from '@velocicompanion/api/permissions'

export interface Place {
  to: string
  label: string
  icon: Icon
  /** Pressed after G. */
  key: string
  permission: Permission
  /** Stands at the rail's foot. */
  low?: boolean
}

/** Where one can go. A place stands here when its page works, and not before. */
export const places: Place[] = [
  { to: '/admin', label: 'Admin', icon: IconSettings, key: 'a', permission: 'user:manage', low: true },
]
