import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** What opens a file; kept only while its import is under way. */
export interface Secrets {
  password?: string | undefined
  /** PEM. */
  privateKey?: string | undefined
}

const keyOf = (secretKey: Uint8Array) => Buffer.from(hkdfSync('sha256', secretKey, '', 'imports', 32))

export function seal(secretKey: Uint8Array, secrets: Secrets): Buffer | null {
  if (secrets.password === undefined && secrets.privateKey === undefined) return null
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secretKey), iv)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed])
}

export function unseal(secretKey: Uint8Array, sealed: Buffer | null): Secrets {
  if (!sealed) return {}
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secretKey), sealed.subarray(0, 12))
  decipher.setAuthTag(sealed.subarray(12, 28))
  const opened = Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()])
  return JSON.parse(opened.toString('utf8')) as Secrets
}
