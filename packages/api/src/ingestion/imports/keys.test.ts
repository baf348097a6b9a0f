import { constants, createPrivateKey, generateKeyPairSync, publicEncrypt, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { testBed, type TestBed } from '../../testing.ts'
import { openIngest } from '../open.ts'
import { acceptImport } from './accept.ts'
import { openImporter } from './importer.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let tenant = 0

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
beforeEach(async () => {
  tenant = await bed.tenant()
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const read = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/containers', name))
const recorded = () => ({
  name: 'forensics 2026',
  certificate: read('x509.cert.pem').toString(),
  privateKey: read('x509.key.pem').toString(),
})

async function bring(bytes: Buffer, services = bed.services) {
  const { id } = await acceptImport(ingest, services, {
    sender: { tenantId: tenant, tokenId: null, serverId: null },
    body: Readable.from([bytes]),
    fields: () => ({ name: 'Collection-ws.zip' }),
    origin: {},
  })
  const importer = openImporter(ingest, services, { onError: (error) => console.error(error) })
  importer.wake()
  await importer.settled()
  await importer.close()
  return (await bed.callerOf(tenant, 'viewer')).ingestion.import({ id })
}

/** A container as an offline collector locks it: the session's password encrypted for the certificate, beside a zip in a zip. */
async function lockedFor(certificate: string, scheme = 'X509') {
  const inner = new ZipWriter(new Uint8ArrayWriter())
  await inner.add('collection_context.json', new TextReader('{"session_id":"F.LOCKED","state":2}'))
  await inner.add('client_info.json', new TextReader('{"Hostname":"WS-01"}'))
  await inner.add('results/A.json', new TextReader('{"n":1}\n'))
  const password = 'f00d'.repeat(12)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const key = new X509Certificate(certificate).publicKey
  const EncryptedPass = publicEncrypt({ key, padding, oaepHash: 'sha512' }, Buffer.from(password)).toString('base64')
  const outer = new ZipWriter(new Uint8ArrayWriter())
  const metadata = JSON.stringify([{ EncryptedPass, Scheme: scheme, PublicKey: certificate }])
  await outer.add('metadata.json', new TextReader(metadata))
  const locked = { password, encryptionStrength: 3 as const, level: 0 }
  await outer.add('data.zip', new Uint8ArrayReader(await inner.close()), locked)
  return Buffer.from(await outer.close())
}

test('a key that is made here opens what is locked for its certificate, and is never shown', async () => {
  const admin = await bed.callerOf(tenant, 'admin')
  const made = await admin.ingestion.makeKey({ name: 'Nordwind - Büro' })
  const certificate = new X509Certificate(made.certificate)
  expect([certificate.subject, certificate.verify(certificate.publicKey)]).toEqual(['CN=Nordwind - Büro', true])
  expect(certificate.publicKey.asymmetricKeyDetails!.modulusLength).toBe(3072)
  expect([
    certificate.validFromDate < new Date(),
    certificate.validToDate > new Date(Date.now() + 9 * 365 * 864e5),
  ]).toEqual([true, true])
  const found = await bring(await lockedFor(made.certificate))
  expect(found).toMatchObject({ state: 'done', error: null, result: { stored: 1 } })
  expect(found.result!.notes).toEqual([`Opened with the key Nordwind - Büro (${made.fingerprint.slice(0, 16)})`])
  const kept = await bed.one<{ sealed: Buffer }>('select sealed from import_keys where tenant_id = $1', [tenant])
  const listed = JSON.stringify([made, await admin.ingestion.keys({}), found, kept.sealed.toString('latin1')])
  expect(listed).not.toContain('PRIVATE')
  expect(listed).not.toContain('sealed')
})

test('a key of running collectors opens recorded containers, also after another one followed it', async () => {
  const admin = await bed.callerOf(tenant, 'admin')
  expect((await bring(read('offline-x509.zip'))).error).toMatch(
    /^The zip is locked for the certificate [0-9a-f]{16}, whose/,
  )
  const { id } = await admin.ingestion.addKey(recorded())
  await admin.ingestion.makeKey({ name: 'forensics 2027' })
  expect(await bring(read('offline-x509.zip'))).toMatchObject({ state: 'done', error: null })
  await admin.ingestion.removeKey({ id })
  expect((await bring(read('offline-x509.zip'))).error).toContain('whose key is not here')
  await expect(admin.ingestion.removeKey({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const keys = await admin.ingestion.keys({})
  expect(keys.map(({ name, removedAt }) => [name, removedAt !== null])).toEqual([
    ['forensics 2027', false],
    ['forensics 2026', true],
  ])
  const { rows } = await admin.audit.list({})
  expect(rows.map(({ action }) => action).filter((action) => action.endsWith('Key'))).toEqual([
    'ingestion.removeKey',
    'ingestion.addKey',
    'ingestion.addKey',
  ])
  expect(JSON.stringify(rows)).not.toContain('PRIVATE')
})

test("another tenant's key opens nothing here, not even when its row is moved", async () => {
  const other = await bed.tenant()
  const made = await (await bed.callerOf(other, 'admin')).ingestion.makeKey({ name: 'theirs' })
  const zip = await lockedFor(made.certificate)
  expect((await bring(zip)).error).toContain('whose key is not here')
  await bed.root.query('update import_keys set tenant_id = $1 where tenant_id = $2', [tenant, other])
  expect((await bring(zip)).error).toContain('SECRET_KEY is another')
})

test('under another SECRET_KEY the key is said to be unreadable', async () => {
  const made = await (await bed.callerOf(tenant, 'admin')).ingestion.makeKey({ name: 'ours' })
  const services = { ...bed.services, secretKey: new Uint8Array(32).fill(9) }
  expect((await bring(await lockedFor(made.certificate), services)).error).toContain("The key ours can't be read")
})

test.each(['PGP', 'gpg'])('a container that is locked with %s is refused with what to do', async (scheme) => {
  const found = await bring(await lockedFor(recorded().certificate, scheme))
  expect([found.state, found.error]).toEqual([
    'failed',
    'The zip is locked with PGP: open it with its key first, and send what is in it',
  ])
})

test.each([
  ['no certificate', () => ({ ...recorded(), certificate: 'x' }), 'certificate: this is not PEM'],
  ['no key', () => ({ ...recorded(), privateKey: 'x' }), 'privateKey: this is not PEM'],
  ['another key', () => ({ ...recorded(), privateKey: rsa() }), 'not the key of this certificate'],
  ['a key of another kind', () => ({ ...recorded(), privateKey: ed() }), 'RSA only'],
])('%s is refused', async (_what, make, sentence) => {
  const admin = await bed.callerOf(tenant, 'admin')
  const refused = admin.ingestion.addKey(make())
  await expect(refused).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(sentence) })
})

const pem = { type: 'pkcs8', format: 'pem' } as const
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem) as string
const ed = () => generateKeyPairSync('ed25519').privateKey.export(pem) as string

test('a key stands here once, and a locked one needs its password', async () => {
  const admin = await bed.callerOf(tenant, 'admin')
  const locked = createPrivateKey(recorded().privateKey).export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'word' })
  const given = { ...recorded(), privateKey: locked as string }
  await expect(admin.ingestion.addKey(given)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await admin.ingestion.addKey({ ...given, password: 'word' })
  expect((await bring(read('offline-x509.zip'))).state).toBe('done')
  await expect(admin.ingestion.addKey(recorded())).rejects.toMatchObject({ code: 'CONFLICT' })
})
