import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** One value of DER: its tag, its length, its content. */
function der(tag: number, ...parts: Uint8Array[]) {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const text = (value: string) => Buffer.from(value, 'latin1')
const hex = (value: string) => Buffer.from(value, 'hex')
const time = (date: Date) => der(0x17, text(date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14) + 'Z'))

/** A certificate of a day for 127.0.0.1 and localhost that its own key signed, and that key, as PEM. */
export function selfSigned() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const algorithm = der(0x30, der(0x06, hex('2b6570')))
  const name = der(0x30, der(0x31, der(0x30, der(0x06, hex('550403')), der(0x0c, text('localhost')))))
  const now = Date.now()
  const names = der(0x30, der(0x82, text('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = der(0x30, der(0x30, der(0x06, hex('551d11')), der(0x04, names)))
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    algorithm,
    name,
    der(0x30, time(new Date(now - 60_000)), time(new Date(now + 86_400_000))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const whole = der(0x30, content, algorithm, der(0x03, Buffer.from([0]), sign(null, content, privateKey)))
  const body = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
