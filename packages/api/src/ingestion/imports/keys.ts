import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '@velocicompanion/db'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import { inTenant, type TenantScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { newCertificate } from './certificate.ts'
import { sealText, unsealText } from './secrets.ts'

const purposeOf = (secretKey: Uint8Array, tenantId: number) =>
  ({ secretKey, purpose: 'import keys', owner: String(tenantId) }) as const

const shown = ['id', 'name', 'certificate', 'createdBy', 'createdAt', 'removedBy', 'removedAt'] as const
const fingerprint = sql<string>`encode(fingerprint, 'hex')`.as('fingerprint')

/** Newest first: the first that is not removed is for new collectors, the others open what was locked before. */
export const listKeys = (scope: TenantScope) =>
  scope.db
    .selectFrom('importKeys')
    .select([...shown, fingerprint])
    .where('tenantId', '=', scope.tenantId)
    .orderBy('id', 'desc')
    .limit(200)
    .execute()

/** Makes a key and its certificate. The key never leaves the installation. */
export async function makeKey(scope: TenantScope, services: Services, { name }: { name: string }) {
  const made = await newCertificate(name, services.now())
  return keep(scope, services, { name, ...made })
}

interface GivenKey {
  name: string
  /** PEM, as is the key. */
  certificate: string
  privateKey: string
  password?: string | undefined
}

/** Takes a key that collectors use already. Throws BAD_REQUEST. */
export async function addKey(scope: TenantScope, services: Services, given: GivenKey) {
  const certificate = read('certificate', () => new X509Certificate(given.certificate))
  const passphrase = given.password === undefined ? {} : { passphrase: given.password }
  const key = read('privateKey', () => createPrivateKey({ key: given.privateKey, ...passphrase }))
  checkPair(certificate, key)
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string
  return keep(scope, services, { name: given.name, certificate: certificate.toString(), privateKey })
}

function read<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch {
    const locked = name === 'privateKey' ? ', or its password is missing or another' : ''
    throw new AppError('BAD_REQUEST', `${name}: this is not PEM${locked}`)
  }
}

function checkPair(certificate: X509Certificate, key: KeyObject) {
  if (key.asymmetricKeyType !== 'rsa') throw new AppError('BAD_REQUEST', 'privateKey: collectors lock with RSA only')
  if (!certificate.checkPrivateKey(key))
    throw new AppError('BAD_REQUEST', 'privateKey: it is not the key of this certificate')
}

interface Kept {
  name: string
  certificate: string
  privateKey: string
}

async function keep(scope: TenantScope, { secretKey }: Services, { name, certificate, privateKey }: Kept) {
  const hash = Buffer.from(new X509Certificate(certificate).fingerprint256.replaceAll(':', ''), 'hex')
  const kept = await scope.db
    .insertInto('importKeys')
    .values({
      tenantId: scope.tenantId,
      name,
      certificate,
      fingerprint: hash,
      sealed: sealText(purposeOf(secretKey, scope.tenantId), privateKey),
      createdBy: scope.actor!.username,
    })
    .onConflict((oc) => oc.doNothing())
    .returning([...shown, fingerprint])
    .executeTakeFirst()
  if (!kept) throw new AppError('CONFLICT', 'This certificate and its key are here already')
  await record(scope, 'ingestion.addKey', { key: kept.id, name, fingerprint: kept.fingerprint })
  return kept
}

/** Forgets the private key for ever: what was locked for it opens here no longer. */
export async function removeKey(scope: TenantScope, id: number) {
  const removed = await scope.db
    .updateTable('importKeys')
    .set({ sealed: null, removedBy: scope.actor!.username, removedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('sealed', 'is not', null)
    .returning([...shown, fingerprint])
    .executeTakeFirst()
  if (!removed) throw notFound('key')
  await record(scope, 'ingestion.removeKey', { key: id, name: removed.name, fingerprint: removed.fingerprint })
  return removed
}

export interface TenantKey {
  name: string
  fingerprint: string
  /** PEM; undefined when the secret of the installation is another than it was. */
  privateKey: string | undefined
}

/** What opens the containers of a tenant, the newest first. For an import alone. */
export async function keysOf(database: Database, secretKey: Uint8Array, tenantId: number): Promise<TenantKey[]> {
  const rows = await inTenant(database.db, tenantId, (scope) =>
    scope.db
      .selectFrom('importKeys')
      .select(['name', 'sealed', fingerprint])
      .where('tenantId', '=', tenantId)
      .where('sealed', 'is not', null)
      .orderBy('id', 'desc')
      .execute(),
  )
  const opened = (sealed: Buffer) => {
    try {
      return unsealText(purposeOf(secretKey, tenantId), sealed)
    } catch {
      return undefined
    }
  }
  return rows.map(({ sealed, ...key }) => ({ ...key, privateKey: opened(sealed!) }))
}
