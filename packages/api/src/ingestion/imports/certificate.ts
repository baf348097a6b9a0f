import { generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'

const makePair = promisify(generateKeyPair)
const years = 10

/** One value of DER: its tag, its length, its content. */
function der(tag: number, ...parts: Uint8Array[]) {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const object = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const time = (date: Date) => der(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))

const sha256WithRsa = der(0x30, object('2a864886f70d01010b'), der(0x05))

/** A new RSA key and a certificate that it signed itself, as PEM: what an offline collector takes to lock its zip. */
export async function newCertificate(name: string, now: Date) {
  const { publicKey, privateKey } = await makePair('rsa', { modulusLength: 3072 })
  const subject = der(0x30, der(0x31, der(0x30, object('550403'), der(0x0c, Buffer.from(name)))))
  const until = new Date(now)
  until.setUTCFullYear(now.getUTCFullYear() + years)
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    sha256WithRsa,
    subject,
    der(0x30, time(new Date(now.getTime() - 86_400_000)), time(until)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey))
  const body = der(0x30, content, sha256WithRsa, signature).toString('base64')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${body.replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
