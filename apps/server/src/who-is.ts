import {
  actorFromAccessToken,
  holderOfApiToken,
  type Actor,
  type IngestCredential,
  type Services,
} from '@velocicompanion/api'
import type { Database } from '@velocicompanion/db'

export interface Caller {
  actor?: Actor
  /** Set for a token that can do nothing but ingest. */
  ingest?: IngestCredential
}

/** The credential of a header: Bearer for all; for senders that can't, Basic (token as password), ApiKey and Splunk. */
export function credentialOf(header: string | undefined) {
  const [scheme = '', ...rest] = (header ?? '').trim().split(/\s+/)
  const value = rest.join(' ')
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'apikey':
    case 'splunk':
      return value || undefined
    case 'basic':
      return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':') || undefined
    default:
      return undefined
  }
}

/** Who asks, by the credential alone. Nothing for a missing or unknown one. */
export async function whoIs(database: Database, services: Services, header: string | undefined): Promise<Caller> {
  const credential = credentialOf(header)
  if (!credential) return {}
  if (!credential.startsWith('vct_')) {
    const actor = await actorFromAccessToken(database, services, credential)
    return actor ? { actor } : {}
  }
  const holder = await holderOfApiToken(database, services, credential)
  if (!holder) return {}
  return holder.kind === 'api' ? { actor: holder.actor } : { ingest: holder.credential }
}
