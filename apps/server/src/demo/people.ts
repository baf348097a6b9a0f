import { randomInt } from 'node:crypto'
import { createCaller, resetByOperator, type Actor, type Services } from '@velocicompanion/api'
import type { Database } from '@velocicompanion/db'
import { SettingError } from '../env.ts'
import { tenants, type TenantName } from './fleet.ts'

export interface Deps {
  database: Database
  services: Services
  say(line: string): void
}

interface Person {
  name: string
  role: Actor['role']
  tenant: TenantName
}

const [northwind, harbour] = [tenants[0].name, tenants[1].name]
const people: Person[] = [
  { name: 'demo', role: 'super_admin', tenant: northwind },
  { name: 'nora.admin', role: 'admin', tenant: northwind },
  { name: 'noah.analyst', role: 'user', tenant: northwind },
  { name: 'nils.viewer', role: 'viewer', tenant: northwind },
  { name: 'hana.admin', role: 'admin', tenant: harbour },
  { name: 'hal.analyst', role: 'user', tenant: harbour },
  { name: 'hope.viewer', role: 'viewer', tenant: harbour },
]

const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
const newPassword = () =>
  Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')).join(
    '-',
  )

export const callerOf = ({ database, services }: Deps, actor?: Actor) =>
  createCaller({ database, services, actor, origin: {} })

/** Gives the account a new password through a one-time link, as an operator would. Ends its sessions. */
async function renew(deps: Deps, username: string, password: string): Promise<Actor> {
  const code = await resetByOperator(deps.database, deps.services, username)
  const { user } = await callerOf(deps).auth.redeem({ code, password })
  return { userId: user.id, username, tenantId: user.tenantId, role: user.role }
}

const missing = (error: unknown) => (error as { code?: string }).code === 'NOT_FOUND'

/** The super-admin of the demo. Throws SettingError when the data are not a demo's. */
async function boss(deps: Deps, password: string): Promise<Actor> {
  const { auth } = callerOf(deps)
  const { name: username, tenant: tenantName } = people[0]!
  if (!(await auth.firstRun()).needed) {
    return renew(deps, username, password).catch((error: unknown) => {
      if (missing(error)) throw new SettingError('DATA_DIR holds data that are no demo: leave it unset with --demo')
      throw error
    })
  }
  const { setupCode } = deps.services
  const user = await auth.register({ username, password, tenantName, ...(setupCode !== undefined && { setupCode }) })
  return { userId: user.id, username, tenantId: user.tenantId, role: user.role }
}

/** Makes the tenants and users that are missing, and gives everybody a new password, which is said once. */
export async function preparePeople(deps: Deps) {
  const passwords = people.map(newPassword)
  const actor = await boss(deps, passwords[0]!)
  const caller = callerOf(deps, actor)
  const { rows } = await caller.tenants.list()
  const other = rows.find((t) => t.name === harbour) ?? (await caller.tenants.create({ name: harbour }))
  const ids: Record<TenantName, number> = { [northwind]: actor.tenantId, [harbour]: other.id } as never
  const actors = new Map([[actor.username, actor]])
  for (const [i, { name, role, tenant }] of people.entries()) {
    if (i === 0) continue
    const password = passwords[i]!
    actors.set(
      name,
      await renew(deps, name, password).catch(async (error: unknown) => {
        if (!missing(error)) throw error
        const { user } = await caller.users.create({ username: name, role, password, tenant: ids[tenant] })
        return { userId: user.id, username: name, role, tenantId: ids[tenant] }
      }),
    )
  }
  const began = rows.find((t) => t.id === actor.tenantId)!.createdAt
  const lines = people.map(
    (p, i) => `  ${p.tenant.padEnd(18)} ${p.role.padEnd(12)} ${p.name.padEnd(14)} ${passwords[i]!}`,
  )
  return {
    actor,
    actors,
    ids,
    began,
    shown: ['Sign in with one of these; the passwords are new at each start:', ...lines],
  }
}
