import { may, type Permission } from '@velocicompanion/api/permissions'
import { createContext, use } from 'react'
import type { Outputs } from '../api.ts'

export type Me = Outputs['auth']['me']

/** Given by the shell, which shows no page before it knows who is there. */
export const MeContext = createContext<Me | undefined>(undefined)

export function useMe() {
  const me = use(MeContext)
  if (!me) throw new Error('useMe stands outside the shell')
  return me
}

/** Whether to offer something; the server decides. */
export const useMay = (permission: Permission) => may(useMe().role, permission)
