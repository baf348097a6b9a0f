import { testDatabase } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller } from '../index.ts'
import { testServices as services } from '../testing.ts'
import { resetByOperator, unlockByOperator } from '../users/queries.ts'
import { actorFromAccessToken, holderOfApiToken } from './access.ts'

const good = 'correct staple of 9 horses'
let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  database = await testDatabase()
  await browser('192.0.2.1').caller().auth.register({ username: 'ada', password: good })
})
afterAll(() => database.close())

function browser(address: string) {
  const jar: { cookie: string | undefined } = { cookie: undefined }
  const caller = (actor?: Awaited<ReturnType<typeof actorFromAccessToken>>, userAgent = 'Firefox') =>
    createCaller({
      database,
      services,
      actor,
      userAgent,
      origin: { address },
      cookie: { read: () => jar.cookie, write: (token) => void (jar.cookie = token ?? undefined) },
    })
  return { jar, caller, signIn: (password = good) => caller().auth.signIn({ username: 'ada', password }) }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )

async function adminOf(address: string) {
  const { accessToken } = await browser(address).signIn()
  return browser(address).caller(await actorFromAccessToken(database, services, accessToken))
}

test('many guesses at once from one address do not slip past the limit together', async () => {
  const attacker = browser('198.51.100.1')
  const guesses = Array.from({ length: 12 }, () => codeOf(attacker.signIn('wrong wrong wrong')))
  expect(new Set(await Promise.all(guesses))).toEqual(new Set(['UNAUTHORIZED']))
  const admin = await adminOf('192.0.2.1')
  const { rows } = await admin.audit.list({ action: 'sign-in failed' })
  const compared = rows.filter((row) => (row.detail as { locked: boolean }).locked === false)
  expect(compared).toHaveLength(5)
  expect(await codeOf(attacker.signIn())).toBe('UNAUTHORIZED')
})

test('the operator lifts a lock, and a reset ends sessions and gives a link', async () => {
  const locked = browser('198.51.100.2')
  for (let i = 0; i < 5; i++) await codeOf(locked.signIn('wrong wrong wrong'))
  expect(await codeOf(locked.signIn())).toBe('UNAUTHORIZED')
  await unlockByOperator(database, services, 'ADA')
  const { accessToken } = await locked.signIn()
  const code = await resetByOperator(database, services, 'ada')
  expect(await actorFromAccessToken(database, services, accessToken)).toBeUndefined()
  expect(await codeOf(locked.caller().auth.redeem({ code, password: good }))).toBe('OK')
})

test('a token that was rotated away is taken again from the same browser only', async () => {
  const { jar, signIn, caller } = browser('192.0.2.3')
  await signIn()
  const old = jar.cookie
  await caller().auth.refresh()
  const current = jar.cookie
  jar.cookie = old
  expect(await codeOf(caller(undefined, 'curl').auth.refresh())).toBe('UNAUTHORIZED')
  jar.cookie = current
  expect(await codeOf(caller().auth.refresh())).toBe('UNAUTHORIZED')
})

test('an api token of a super-admin opens no other tenant and manages none', async () => {
  const admin = await adminOf('192.0.2.1')
  const { token } = await admin.tokens.create({ name: 'script', scope: 'api' })
  const holder = await holderOfApiToken(database, services, token)
  const actor = holder?.kind === 'api' ? holder.actor : undefined
  expect(actor).toMatchObject({ role: 'admin' })
  const script = browser('192.0.2.1').caller(actor)
  expect(await codeOf(script.users.list({}))).toBe('OK')
  expect(await codeOf(script.users.list({ tenant: 'all' }))).toBe('FORBIDDEN')
  expect(await codeOf(script.tenants.list())).toBe('FORBIDDEN')
})

test('an ingest token outlives its maker, an api token does not', async () => {
  const admin = await adminOf('192.0.2.1')
  const { user } = await admin.users.create({ username: 'bob', role: 'admin', password: good })
  const bob = browser('192.0.2.1').caller({ ...user, userId: user.id })
  const [feed, script] = [
    await bob.tokens.create({ name: 'feed', scope: 'ingest' }),
    await bob.tokens.create({ name: 'script', scope: 'api' }),
  ]
  await admin.users.deactivate({ id: user.id })
  expect(await holderOfApiToken(database, services, feed.token)).toMatchObject({ kind: 'ingest' })
  expect(await holderOfApiToken(database, services, script.token)).toBeUndefined()
})
