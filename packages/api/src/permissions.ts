/** Who may do what. The only place that maps a role to rights; the web reads it too. */
export const roles = ['viewer', 'user', 'admin', 'super_admin'] as const
export type Role = (typeof roles)[number]

const viewer = [
  'host:read',
  'collection:read',
  'row:read',
  'case:read',
  'artifact:read',
  'indicator:read',
  'ingestion:read',
  // Saved searches, pins and history of one's own: notes to oneself, that nobody else sees.
  'search:keep',
] as const
const user = [
  'case:work',
  'artifact:work',
  'indicator:work',
  'ingestion:send',
  'search:share',
  'triage:work',
  'benign:work',
] as const
const admin = [
  'user:manage',
  'token:manage',
  'audit:read',
  'error:read',
  'retention:manage',
  // Searches that others share.
  'search:manage',
  'annotation:manage',
] as const
const superAdmin = [
  'tenant:manage',
  'tenant:every',
  // Lists that other tenants match against too.
  'indicator:share',
  // Rules by which rows of every tenant are benign.
  'benign:share',
] as const

export type Permission =
  | (typeof viewer)[number]
  | (typeof user)[number]
  | (typeof admin)[number]
  | (typeof superAdmin)[number]

export const rights: Record<Role, readonly Permission[]> = {
  viewer,
  user: [...viewer, ...user],
  admin: [...viewer, ...user, ...admin],
  super_admin: [...viewer, ...user, ...admin, ...superAdmin],
}

export const may = (role: Role, permission: Permission) => rights[role].includes(permission)

/** Nobody grants more than they have. */
export const mayGrant = (granter: Role, granted: Role) => rights[granted].every((right) => may(granter, right))
