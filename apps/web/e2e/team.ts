import { firstAccount, sendRows } from '../../server/src/testing.ts'
import { oddFlow, openWorld, recorded } from './world.ts'

const password = 'another sentence for tests'

/** A server with two tenants: the first holds a real flow and a case, the second nothing but a viewer. */
export async function openTeam() {
  const world = await openWorld()
  const dana = await firstAccount(world.base)
  const { token } = await dana.call<{ token: string }>('tokens.create', {
    name: 'velo-1',
    scope: 'ingest',
    server: 'velo-1',
    orgId: 'O123',
  })
  for (const name of oddFlow) {
    const { status } = await sendRows(world.base, token, recorded(name))
    if (status !== 200) throw new Error(`${name} was answered ${status}`)
  }
  const { id: tenant } = await dana.call<{ id: number }>('tenants.create', { name: 'Harbour Logistics' })
  await dana.call('users.create', { username: 'omar', password, role: 'user' })
  await dana.call('users.create', { username: 'hope', password, role: 'viewer', tenant })
  const { id: caseId } = await dana.call<{ id: number }>('cases.create', {
    title: 'Odd rows on db-acme-01',
    description: 'First line\nLast line',
    severity: 'high',
  })
  await dana.call('artifacts.create', {
    caseId,
    artifactType: 'sha256',
    value: 'a'.repeat(64),
    description: 'seen once',
  })
  const person = (username: string) => ({ username, password })
  return {
    ...world,
    dana,
    token: dana.token,
    who: { dana: dana.who, omar: person('omar'), hope: person('hope') },
    tenant,
    caseId,
  }
}

export type Team = Awaited<ReturnType<typeof openTeam>>

/** Names of what the first tenant holds. */
export async function held(team: Team) {
  const { rows: collections } = await team.dana.call<{ rows: { id: number; hostId: number }[] }>('collections.list', {})
  const [collection] = collections
  const { sources } = await team.dana.call<{ sources: { id: number; name: string }[] }>('collections.get', {
    id: collection!.id,
  })
  const source = sources.find(({ name }) => name.endsWith('/Numbers'))!
  return {
    collection: collection!.id,
    host: collection!.hostId,
    source: source.id,
    row: `${collection!.id}.${source.id}.0`,
  }
}
