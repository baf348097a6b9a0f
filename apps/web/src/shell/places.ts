import {
  IconBinaryTree,
  IconBriefcase,
  IconCircleCheck,
  IconDatabaseImport,
  IconHome,
  IconListSearch,
  IconServer,
  IconSettings,
  IconTags,
  IconTarget,
  type Icon,
} from '@tabler/icons-react'
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
  { to: '/', label: 'Home', icon: IconHome, key: 'm', permission: 'host:read' },
  { to: '/hunt', label: 'Hunt', icon: IconListSearch, key: 'h', permission: 'row:read' },
  { to: '/hosts', label: 'Hosts', icon: IconServer, key: 'o', permission: 'host:read' },
  { to: '/collections', label: 'Collections', icon: IconBinaryTree, key: 'l', permission: 'collection:read' },
  { to: '/cases', label: 'Cases', icon: IconBriefcase, key: 'c', permission: 'case:read' },
  { to: '/artifacts', label: 'Artifacts', icon: IconTags, key: 't', permission: 'artifact:read' },
  { to: '/indicators', label: 'Indicators', icon: IconTarget, key: 'i', permission: 'indicator:read' },
  { to: '/benign', label: 'Rules', icon: IconCircleCheck, key: 'b', permission: 'row:read' },
  { to: '/ingestion', label: 'Ingestion', icon: IconDatabaseImport, key: 'e', permission: 'ingestion:read', low: true },
  { to: '/admin', label: 'Admin', icon: IconSettings, key: 'a', permission: 'user:manage', low: true },
]
