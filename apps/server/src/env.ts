import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'

/** A setting that stops the start, with a sentence that says what to write. */
export class SettingError extends Error {}

const whole = (name: string, least: number, most: number, fallback: number) =>
  z.coerce
    .number({ error: `${name} must be a whole number from ${least} to ${most}` })
    .int(`${name} must be a whole number from ${least} to ${most}`)
    .min(least, `${name} must be at least ${least}`)
    .max(most, `${name} must be at most ${most}`)
    .default(fallback)

const oneOf = <const T extends readonly [string, ...string[]]>(name: string, values: T, fallback: T[number]) =>
  z.enum(values, { error: `${name} must be one of ${values.join(', ')}` }).default(fallback as never)

const url = (name: string, pattern: RegExp, example: string) =>
  z.string().regex(pattern, `${name} must look like ${example}`).optional()

const listOf = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

const each = (text: string, isRight: (part: string) => boolean) => listOf(text).every(isRight)

const off = ['', 'off', 'false', '0']
const on = ['on', 'true', '1']

/** What Fastify takes for a proxy: an address, a range, or a name of some. */
function isProxy(part: string) {
  const [address = '', bits, ...more] = part.split('/')
  const family = isIP(address)
  if (more.length > 0 || family === 0) return ['loopback', 'linklocal', 'uniquelocal'].includes(part)
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: whole('PORT', 0, 65_535, 8000),
  PUBLIC_URL: url('PUBLIC_URL', /^https?:\/\/[^/?#]+(\/[^?#]*)?$/, 'https://hunt.example.com'),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: url('DATABASE_URL', /^postgres(ql)?:\/\/.+\/.+/, 'postgres://user:password@host:5432/database'),
  SECRET_KEY: z
    .string()
    .min(32, 'SECRET_KEY must have at least 32 characters; leave it unset to have one made')
    .optional(),
  ACCESS_TOKEN_MINUTES: whole('ACCESS_TOKEN_MINUTES', 1, 1440, 30),
  REGISTRATION: oneOf('REGISTRATION', ['first', 'approval', 'open'], 'first'),
  CORS_ORIGINS: z
    .string()
    .refine(
      (text) => each(text, (origin) => /^https?:\/\/[^/?#\s]+$/.test(origin)),
      'CORS_ORIGINS must be a list of origins with commas, such as http://localhost:3000,https://hunt.example.com',
    )
    .default(''),
  TRUST_PROXY: z
    .string()
    .refine(
      (text) => [...off, ...on].includes(text) || each(text, isProxy),
      'TRUST_PROXY must be on, off, or the addresses of the proxies, such as 192.0.2.10 or 192.0.2.0/28',
    )
    .default(''),
  ROLE: oneOf('ROLE', ['all', 'server', 'worker'], 'all'),
  LOG_LEVEL: oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
  METRICS_TOKEN: z.string().min(16, 'METRICS_TOKEN must have at least 16 characters').optional(),
  INGEST_BODY_MB: whole('INGEST_BODY_MB', 1, 4096, 256),
  SEARCH_CACHE_MB: whole('SEARCH_CACHE_MB', 0, 65_536, 192),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('OTEL_EXPORTER_OTLP_ENDPOINT', /^https?:\/\/.+/, 'http://127.0.0.1:4318'),
})

export const settingNames = Object.keys(settings.shape)

export type Settings = Omit<z.infer<typeof settings>, 'SECRET_KEY' | 'PUBLIC_URL' | 'TRUST_PROXY' | 'CORS_ORIGINS'> & {
  publicUrl: string
  corsOrigins: string[]
  trustProxy: boolean | string
  tls: { cert: Buffer; key: Buffer } | undefined
}

/** The only reader of the process's environment. Throws SettingError. An empty variable counts as unset. */
export function readSettings(environment: Record<string, string | undefined>, { demo = false } = {}): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  if (demo && given.DATABASE_URL)
    throw new SettingError('--demo runs on its own data: unset DATABASE_URL, or start without --demo')
  if (demo) given.DATA_DIR ??= './data-demo'
  const read = settings.safeParse(given)
  if (!read.success) throw new SettingError(read.error.issues[0]!.message)
  const { PUBLIC_URL, TRUST_PROXY, CORS_ORIGINS, SECRET_KEY: _secret, ...rest } = read.data
  const tls = readTls(rest)
  const host = rest.HOST.includes(':') ? `[${rest.HOST}]` : rest.HOST
  return {
    ...rest,
    DATA_DIR: resolve(rest.DATA_DIR),
    publicUrl: (
      PUBLIC_URL ?? `${tls ? 'https' : 'http'}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${rest.PORT}`
    ).replace(/\/$/, ''),
    corsOrigins: listOf(CORS_ORIGINS),
    trustProxy: off.includes(TRUST_PROXY) ? false : on.includes(TRUST_PROXY) ? true : TRUST_PROXY,
    tls,
  }
}

function readTls({ TLS_CERT: cert, TLS_KEY: key }: { TLS_CERT?: string | undefined; TLS_KEY?: string | undefined }) {
  if (!cert && !key) return undefined
  if (!cert || !key) throw new SettingError('TLS_CERT and TLS_KEY go together: set both to PEM files, or none')
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) }
    createSecureContext(pair)
    return pair
  } catch (error) {
    throw new SettingError(
      `TLS_CERT and TLS_KEY must be PEM files of one certificate and its key: ${(error as Error).message}`,
    )
  }
}

/** SECRET_KEY, or the one that is kept in DATA_DIR; the first start makes it. */
export function secretKey(environment: Record<string, string | undefined>, dataDir: string): Uint8Array {
  if (environment.SECRET_KEY) return new TextEncoder().encode(environment.SECRET_KEY)
  const file = join(dataDir, 'secret-key')
  mkdirSync(dataDir, { recursive: true })
  try {
    writeFileSync(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const kept = readFileSync(file, 'utf8').trim()
  if (kept.length < 32)
    throw new SettingError(`${file} is damaged: put a secret of at least 32 characters there, or remove it`)
  return new TextEncoder().encode(kept)
}
