import { createHash, randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits without bias; 62 values, so a byte of 248 or more is drawn again. */
function randomText(length: number) {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62]
    }
  }
  return text
}

/** `vct_` is what secret scanners look for. 43 characters carry 256 bits. */
export const newApiToken = () => `vct_${randomText(43)}`
export const newSecret = () => randomText(43)

/** What is stored of a secret of full entropy: a plain hash is enough, and lets it be looked up. */
export const hashOf = (secret: string) => createHash('sha256').update(secret).digest()
