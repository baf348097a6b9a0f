import { constants, createPrivateKey, privateDecrypt, X509Certificate } from 'node:crypto'
import { ImportFault, OtherTry } from './fault.ts'
import type { TenantKey } from './keys.ts'
import type { Secrets } from './secrets.ts'

/** The session's password as a collector leaves it for the owner of a key, beside the locked zip. */
interface Locked {
  Scheme?: unknown
  EncryptedPass?: unknown
  PublicKey?: unknown
}

interface Opening {
  secrets: Secrets
  /** Asked only where the zip is locked for a certificate and no key was sent with it. */
  keys: () => Promise<TenantKey[]>
  say: (note: string) => void
}

/** The password as given, or the session's that a key of the sender or of the tenant opens. */
export async function passwordOf(metadata: unknown, { secrets, keys, say }: Opening): Promise<string | undefined> {
  const { password, privateKey } = secrets
  const locked = ((Array.isArray(metadata) ? metadata[0] : metadata) ?? {}) as Locked
  const scheme = typeof locked.Scheme === 'string' ? locked.Scheme.toUpperCase() : ''
  if (scheme === 'PGP' || scheme === 'GPG')
    throw new ImportFault('The zip is locked with PGP: open it with its key first, and send what is in it')
  if (scheme !== 'X509' || typeof locked.EncryptedPass !== 'string') return password
  const session = Buffer.from(locked.EncryptedPass, 'base64')
  if (privateKey !== undefined) {
    const opened = decrypted(session, privateKey, password)
    if (opened === undefined) throw new OtherTry('The private key does not open the zip')
    return opened
  }
  const known = await keys()
  for (const key of known) {
    const opened = key.privateKey === undefined ? undefined : decrypted(session, key.privateKey)
    if (opened === undefined) continue
    say(`Opened with the key ${key.name} (${shortOf(key.fingerprint)})`)
    return opened
  }
  throw new OtherTry(whyNot(locked, known))
}

function decrypted(session: Buffer, pem: string, passphrase?: string): string | undefined {
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) })
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    return privateDecrypt({ key, padding, oaepHash: 'sha512' }, session).toString('utf8')
  } catch {
    return undefined
  }
}

/** As people compare fingerprints: the first eight bytes. */
const shortOf = (fingerprint: string) => fingerprint.slice(0, 16)

function whyNot({ PublicKey }: Locked, known: TenantKey[]) {
  const fingerprint = fingerprintOf(PublicKey)
  const lost = known.find((key) => key.privateKey === undefined && key.fingerprint === fingerprint)
  if (lost)
    return `The key ${lost.name} can't be read, as SECRET_KEY is another than it was: give the private key (PEM) itself`
  const which = fingerprint === undefined ? 'a certificate' : `the certificate ${shortOf(fingerprint)}`
  return `The zip is locked for ${which}, whose key is not here: give the private key (PEM), or have an admin add it to the keys`
}

function fingerprintOf(pem: unknown): string | undefined {
  try {
    return new X509Certificate(String(pem)).fingerprint256.replaceAll(':', '').toLowerCase()
  } catch {
    return undefined
  }
}
