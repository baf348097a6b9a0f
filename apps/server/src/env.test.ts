import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSettings, secretKey, SettingError, settingNames } from './env.ts'

const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-env-'))
afterAll(() => rmSync(folder, { recursive: true }))
const notPem = join(folder, 'not.pem')
writeFileSync(notPem, 'no certificate')

/** A wrong value of each setting, and what the sentence tells to write. */
const refusals: [string, Record<string, string>, RegExp][] = [
  ['PORT', { PORT: 'eighty' }, /^PORT must be a whole number from 0 to 65535$/],
  ['PORT', { PORT: '80.5' }, /^PORT must be a whole number from 0 to 65535$/],
  ['PORT', { PORT: '65536' }, /^PORT must be at most 65535$/],
  ['PUBLIC_URL', { PUBLIC_URL: 'hunt.example.com' }, /^PUBLIC_URL must look like https:\/\/hunt\.example\.com$/],
  ['PUBLIC_URL', { PUBLIC_URL: 'https://hunt.example.com/?a' }, /^PUBLIC_URL must look like/],
  ['TLS_CERT', { TLS_CERT: notPem }, /^TLS_CERT and TLS_KEY go together: set both to PEM files, or none$/],
  ['TLS_CERT', { TLS_CERT: notPem, TLS_KEY: notPem }, /^TLS_CERT and TLS_KEY must be PEM files of one certificate/],
  ['TLS_KEY', { TLS_KEY: notPem }, /^TLS_CERT and TLS_KEY go together/],
  ['TLS_KEY', { TLS_CERT: join(folder, 'none'), TLS_KEY: notPem }, /must be PEM files.*no such file/],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'localhost:5432' },
    /^DATABASE_URL must look like postgres:\/\/user:password@host:5432/,
  ],
  ['SECRET_KEY', { SECRET_KEY: 'x'.repeat(31) }, /^SECRET_KEY must have at least 32 characters; leave it unset/],
  ['ACCESS_TOKEN_MINUTES', { ACCESS_TOKEN_MINUTES: '0' }, /^ACCESS_TOKEN_MINUTES must be at least 1$/],
  ['ACCESS_TOKEN_MINUTES', { ACCESS_TOKEN_MINUTES: '1441' }, /^ACCESS_TOKEN_MINUTES must be at most 1440$/],
  ['REGISTRATION', { REGISTRATION: 'closed' }, /^REGISTRATION must be one of first, approval, open$/],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'localhost:3000' }, /^CORS_ORIGINS must be a list of origins with commas, such as/],
  ['CORS_ORIGINS', { CORS_ORIGINS: 'https://a.example.com,*' }, /^CORS_ORIGINS must be a list/],
  ['TRUST_PROXY', { TRUST_PROXY: 'nginx' }, /^TRUST_PROXY must be on, off, or the addresses of the proxies, such as/],
  ['TRUST_PROXY', { TRUST_PROXY: '192.0.2.0/33' }, /^TRUST_PROXY must be on, off/],
  ['ROLE', { ROLE: 'web' }, /^ROLE must be one of all, server, worker$/],
  ['LOG_LEVEL', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent$/],
  ['METRICS_TOKEN', { METRICS_TOKEN: 'short' }, /^METRICS_TOKEN must have at least 16 characters$/],
  ['INGEST_BODY_MB', { INGEST_BODY_MB: '0' }, /^INGEST_BODY_MB must be at least 1$/],
  ['SEARCH_CACHE_MB', { SEARCH_CACHE_MB: '-1' }, /^SEARCH_CACHE_MB must be at least 0$/],
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    /must look like http:\/\/127\.0\.0\.1:4318$/,
  ],
]
const told = (given: Record<string, string>, options = {}) => {
  try {
    readSettings(given, options)
  } catch (error) {
    if (error instanceof SettingError) return error.message
    throw error
  }
}

test.each(refusals)('a wrong %s is refused with what to write: %j', (_name, given, sentence) => {
  expect(told(given)).toMatch(sentence)
})

test('every setting but a name of a host and a folder has a refusal', () => {
  const covered = new Set(refusals.map(([name]) => name))
  expect(settingNames.filter((name) => !covered.has(name))).toEqual(['HOST', 'DATA_DIR'])
})

test('--demo keeps to its own data', () => {
  expect(told({ DATABASE_URL: 'postgres://a:b@c/d' }, { demo: true })).toMatch(/^--demo runs on its own data: unset/)
  expect(readSettings({}, { demo: true }).DATA_DIR).toMatch(/data-demo$/)
})

test('nothing set, and set to nothing, are the defaults', () => {
  const empty = Object.fromEntries(settingNames.map((name) => [name, '']))
  expect(readSettings(empty)).toEqual(readSettings({}))
  expect(readSettings({})).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 8000,
    publicUrl: 'http://127.0.0.1:8000',
    tls: undefined,
    ACCESS_TOKEN_MINUTES: 30,
    REGISTRATION: 'first',
    corsOrigins: [],
    trustProxy: false,
    ROLE: 'all',
    LOG_LEVEL: 'info',
    INGEST_BODY_MB: 256,
    SEARCH_CACHE_MB: 192,
  })
})

test.each([
  ['off', false],
  ['on', true],
  ['192.0.2.10', '192.0.2.10'],
  ['loopback, 192.0.2.0/28,2001:db8::/32', 'loopback, 192.0.2.0/28,2001:db8::/32'],
])('TRUST_PROXY=%s is understood', (given, read) => {
  expect(readSettings({ TRUST_PROXY: given }).trustProxy).toBe(read)
})

test('origins and addresses lose what is too much', () => {
  expect(readSettings({ CORS_ORIGINS: ' http://localhost:3000, https://a.example.com,' }).corsOrigins).toEqual([
    'http://localhost:3000',
    'https://a.example.com',
  ])
  expect(readSettings({ PUBLIC_URL: 'https://hunt.example.com/' }).publicUrl).toBe('https://hunt.example.com')
})

test('the secret key is made once, kept for its owner alone, and a damaged one is refused', () => {
  const data = join(folder, 'data')
  const made = secretKey({}, data)
  expect(made.length).toBeGreaterThanOrEqual(32)
  expect(secretKey({}, data)).toEqual(made)
  expect(statSync(join(data, 'secret-key')).mode & 0o777).toBe(0o600)
  expect(secretKey({ SECRET_KEY: 'k'.repeat(32) }, data)).toEqual(new TextEncoder().encode('k'.repeat(32)))
  writeFileSync(join(data, 'secret-key'), readFileSync(join(data, 'secret-key'), 'utf8').slice(0, 20))
  expect(() => secretKey({}, data)).toThrow(/secret-key is damaged: put a secret of at least 32 characters there/)
})
