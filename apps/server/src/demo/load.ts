import { Readable } from 'node:stream'
import { holderOfApiToken, openIngest, receive, type IngestCredential } from '@velocicompanion/api'
import type { TenantName } from './fleet.ts'
import type { DemoFlow } from './flows.ts'
import { generateDemo } from './generate.ts'
import { callerOf, preparePeople, type Deps } from './people.ts'
import { tenants } from './fleet.ts'
import { isLoaded, makeCases } from './work.ts'

const flowsInFlight = 3
const bodyLimit = 64 * 1024 * 1024

/**
 * Fills an empty installation with the demo, through the same ingestion as a sender's rows, and renews the passwords.
 * An interrupted first start is continued: the rows are the same bytes, so what is stored already is recognised.
 * Returns the lines that say who can sign in.
 */
export async function loadDemo(deps: Deps): Promise<string[]> {
  const { actor, actors, ids, began, shown } = await preparePeople(deps)
  if (await isLoaded(deps, actors)) return shown
  deps.say('Loading the demo: two tenants and about 70,000 rows')
  const caller = callerOf(deps, actor)
  const tokens: { id: number; tenant: number }[] = []
  const credentials = {} as Record<TenantName, IngestCredential>
  for (const { name, orgId } of tenants) {
    const tenant = ids[name]
    const made = await caller.tokens.create({ name: 'Demo', scope: 'ingest', server: 'velociraptor', orgId, tenant })
    tokens.push({ id: made.id, tenant })
    const holder = await holderOfApiToken(deps.database, deps.services, made.token)
    if (holder?.kind === 'ingest') credentials[name] = holder.credential
  }
  await sendAll(deps, generateDemo({ seed: 'velocicompanion', now: began }), credentials)
  for (const { id, tenant } of tokens) await caller.tokens.revoke({ id, tenant })
  await makeCases(deps, actors)
  return shown
}

/** The requests of a flow go one after the other, as a sender's do; a few flows go at once. */
async function sendAll(deps: Deps, flows: Generator<DemoFlow>, credentials: Record<TenantName, IngestCredential>) {
  const ingest = await openIngest(deps.database)
  const sender = async () => {
    for (const { tenant, bodies } of flows) {
      const credential = credentials[tenant]
      for (const body of bodies) {
        await receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: bodyLimit, origin: {} })
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: flowsInFlight }, sender))
  } finally {
    await ingest.close()
  }
}
