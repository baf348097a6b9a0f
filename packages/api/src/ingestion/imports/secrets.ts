import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** What opens a file; kept only while its import is under way. */
export interface Secrets {
  password?: string | undefined
  /** PEM. */
  privateKey?: string | undefined
}

/** What something is encrypted for: a text that is sealed for one purpose opens for no other. */
interface Purpose {
  secretKey: Uint8Array
  purpose: 'imports' | 'import keys'
  /** Whose it is: it opens for nobody else. */
  owner?: string
}

const keyOf = ({ secretKey, purpose }: Purpose) => Buffer.from(hkdfSync('sha256', secretKey, '', purpose, 32))

/** Encrypts with the secret of the installation, which is not in the database. */
export function sealText(purpose: Purpose, text: string): Buffer {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(purpose), iv).setAAD(Buffer.from(purpose.owner ?? ''))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed])
}

/** Throws when it was sealed with another secret, for another purpose or owner. */
export function unsealText(purpose: Purpose, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(purpose), sealed.subarray(0, 12))
  decipher.setAAD(Buffer.from(purpose.owner ?? '')).setAuthTag(sealed.subarray(12, 28))
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8')
}

export function seal(secretKey: Uint8Array, secrets: Secrets): Buffer | null {
  if (secrets.password === undefined && secrets.privateKey === undefined) return null
  return sealText({ secretKey, purpose: 'imports' }, JSON.stringify(secrets))
}

export const unseal = (secretKey: Uint8Array, sealed: Buffer | null): Secrets =>
  sealed ? (JSON.parse(unsealText({ secretKey, purpose: 'imports' }, sealed)) as Secrets) : {}
