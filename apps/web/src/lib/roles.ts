import type { Role } from '@velocicompanion/api/permissions'

export const roleName: Record<Role, string> = {
  viewer: 'Viewer',
  user: 'User',
  admin: 'Admin',
  super_admin: 'Super-admin',
}

export const roleWords: Record<Role, string> = {
  viewer: 'Reads everything of its tenant.',
  user: 'Reads, searches, works cases.',
  admin: 'Also people, roles, tokens, retention and the audit log.',
  super_admin: 'Tenants, and the view across them. Every use is recorded.',
}
