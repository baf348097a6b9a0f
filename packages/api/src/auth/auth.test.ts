import { testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createCaller } from '../index.ts'
import type { Services } from '../services.ts'
import { testServices } from '../testing.ts'
import { actorFromAccessToken, holderOfApiToken } from './access.ts'

const good = 'correct staple of 9 horses'
let database: Awaited<ReturnType<typeof testDatabase>>
let root: pg.Client
let time = Date.now()
const services: Services = { ...testServices, now: () => new Date(time) }

beforeAll(async () => {
  database = await testDatabase()
  root = new pg.Client(database.superUrl)
  await root.connect()
})
afterAll(async () => {
  await root.end()
  await database.close()
})
beforeEach(async () => {
  time = Date.now()
  await root.query('truncate tenants, throttles cascade')
})

/** A browser: keeps its cookie, asks from one address. */
function browser(address = '192.0.2.1', over: Partial<Services> = {}) {
  const jar: { cookie: string | undefined } = { cookie: undefined }
  const caller = (actor?: Awaited<ReturnType<typeof actorFromAccessToken>>) =>
    createCaller({
      database,
      services: { ...services, ...over },
      actor,
      origin: { address },
      cookie: { read: () => jar.cookie, write: (token) => void (jar.cookie = token ?? undefined) },
    })
  const signIn = (username: string, password = good) => caller().auth.signIn({ username, password })
  return { jar, caller, signIn }
}

const actorOf = (token: string) => actorFromAccessToken(database, services, token)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )

async function first() {
  const b = browser()
  await b.caller().auth.register({ username: 'Ada', password: good })
  const { accessToken } = await b.signIn('ada')
  const actor = (await actorOf(accessToken))!
  return { ...b, accessToken, actor, admin: b.caller(actor) }
}

test('the first account makes the default tenant and is its super-admin; a second is refused', async () => {
  const { caller } = browser()
  expect(await caller().auth.firstRun()).toMatchObject({ needed: true, needsCode: false })
  expect(await caller().auth.register({ username: 'Ada', password: good })).toMatchObject({
    role: 'super_admin',
    username: 'Ada',
  })
  expect(await caller().auth.firstRun()).toMatchObject({ needed: false })
  expect(await codeOf(caller().auth.register({ username: 'eve', password: good }))).toBe('FORBIDDEN')
})

test('two first registrations at once make one account', async () => {
  const { caller } = browser()
  const codes = await Promise.all(
    ['ada', 'eve'].map((username) => codeOf(caller().auth.register({ username, password: good }))),
  )
  expect(codes.toSorted()).toEqual(['FORBIDDEN', 'OK'])
  expect((await root.query('select count(*) as n from tenants')).rows[0].n).toBe(1)
})

test('beyond loopback the first account needs the code that the start printed', async () => {
  const { caller } = browser('192.0.2.1', { setupCode: 'sesame' })
  expect(await caller().auth.firstRun()).toMatchObject({ needsCode: true })
  expect(await codeOf(caller().auth.register({ username: 'ada', password: good, setupCode: 'wrong' }))).toBe(
    'FORBIDDEN',
  )
  expect(await codeOf(caller().auth.register({ username: 'ada', password: good, setupCode: 'sesame' }))).toBe('OK')
})

test('later registrations are inactive under approval, active users under open', async () => {
  await first()
  for (const [registration, isActive] of [
    ['approval', false],
    ['open', true],
  ] as const) {
    const made = await browser('192.0.2.1', { registration })
      .caller()
      .auth.register({ username: registration, password: good })
    expect(made).toMatchObject({ role: 'user', isActive })
  }
})

test.each([
  ['short', 'at least 12'],
  ['é'.repeat(37), 'at most 72'],
  ['password1234', 'common'],
  ['qwertyuiopas', 'keyboard'],
  ['abcabcabcabcabc', 'repeats'],
  ['my name is ada-lovelace', 'user name'],
])('refuses the password %s with the reason', async (password, reason) => {
  await expect(browser().caller().auth.register({ username: 'ada-lovelace', password })).rejects.toThrow(reason)
})

test('an access token ends when its user is deactivated, changes role, signs out or expires', async () => {
  const { accessToken, admin, actor } = await first()
  expect(actor).toMatchObject({ username: 'Ada', role: 'super_admin' })
  const { link } = await admin.users.create({ username: 'bob', role: 'admin' })
  const bob = await browser()
    .caller()
    .auth.redeem({ code: link!.split('#')[1]!, password: good })
  expect(await actorOf(bob.accessToken)).toMatchObject({ username: 'bob' })
  await admin.users.update({ id: bob.user.id, role: 'viewer' })
  expect(await actorOf(bob.accessToken)).toBeUndefined()
  await admin.auth.signOut()
  expect(await actorOf(accessToken)).toBeUndefined()
  const again = await browser().signIn('ada')
  time += 31 * 60_000
  expect(await actorOf(again.accessToken)).toBeUndefined()
})

test('refuses tokens of another key or algorithm', async () => {
  const { accessToken } = await first()
  const forged = await actorFromAccessToken(database, { ...services, secretKey: new Uint8Array(32) }, accessToken)
  expect(forged).toBeUndefined()
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${accessToken.split('.')[1]}.`
  expect(await actorOf(none)).toBeUndefined()
})

test('a refresh rotates the cookie; a reused one ends the family, but not within seconds', async () => {
  const { jar, caller } = await first()
  const old = jar.cookie
  await caller().auth.refresh()
  const current = jar.cookie
  expect(current).not.toBe(old)
  jar.cookie = old
  expect(await codeOf(caller().auth.refresh())).toBe('OK')
  expect(jar.cookie).toBe(old)
  time += 60_000
  expect(await codeOf(caller().auth.refresh())).toBe('UNAUTHORIZED')
  jar.cookie = current
  expect(await codeOf(caller().auth.refresh())).toBe('UNAUTHORIZED')
})

test('says the same of an unknown user, a wrong password and a locked account', async () => {
  await first()
  const messages = new Set<string>()
  const attacker = browser('198.51.100.7')
  const tries = ['nobody', ...Array.from({ length: 7 }, () => 'ada')]
  for (const name of tries)
    await attacker.signIn(name, 'wrong wrong wrong').catch((e: Error) => messages.add(e.message))
  await attacker.signIn('ada').catch((e: Error) => messages.add(e.message))
  expect(messages.size).toBe(1)
})

test('an attacker locks themselves out, and not the user from a known address', async () => {
  const { signIn } = await first()
  const attackers = Array.from({ length: 6 }, (_, i) => browser(`198.51.100.${i}`))
  for (const attacker of attackers) {
    for (let i = 0; i < 5; i++) await codeOf(attacker.signIn('ada', 'wrong wrong wrong'))
  }
  expect(await codeOf(attackers[0]!.signIn('ada'))).toBe('UNAUTHORIZED')
  expect(await codeOf(browser('203.0.113.9').signIn('ada'))).toBe('UNAUTHORIZED')
  expect(await codeOf(signIn('ada'))).toBe('OK')
})

test('changing the password ends the other sessions and keeps this one', async () => {
  const { admin, accessToken } = await first()
  const other = await browser('192.0.2.2').signIn('ada')
  expect(await codeOf(admin.auth.changePassword({ current: 'wrong wrong wrong', password: good }))).toBe('FORBIDDEN')
  await admin.auth.changePassword({ current: good, password: 'another good phrase 7' })
  expect(await actorOf(other.accessToken)).toBeUndefined()
  expect(await actorOf(accessToken)).toBeDefined()
})

test('a one-time link works once, and a new one replaces it', async () => {
  const { admin } = await first()
  const { user, link } = await admin.users.create({ username: 'bob', role: 'user' })
  const renewed = await admin.users.reset({ id: user.id })
  const redeem = (l: string) =>
    codeOf(
      browser()
        .caller()
        .auth.redeem({ code: l.split('#')[1]!, password: good }),
    )
  expect(await redeem(link!)).toBe('NOT_FOUND')
  expect(await redeem(renewed.link)).toBe('OK')
  expect(await redeem(renewed.link)).toBe('NOT_FOUND')
})

test('nobody grants or changes more than they have, and the last admin stays', async () => {
  const { admin, actor } = await first()
  const { user } = await admin.users.create({ username: 'bob', role: 'admin', password: good })
  const bob = browser().caller({ ...user, userId: user.id })
  expect(await codeOf(bob.users.create({ username: 'eve', role: 'super_admin', password: good }))).toBe('FORBIDDEN')
  expect(await codeOf(bob.users.update({ id: actor.userId, isActive: false }))).toBe('FORBIDDEN')
  expect(await codeOf(admin.users.update({ id: actor.userId, role: 'admin' }))).toBe('CONFLICT')
  expect(await codeOf(admin.users.deactivate({ id: user.id }))).toBe('OK')
})

test('two admins who remove each other at once leave one', async () => {
  const { admin } = await first()
  const tenant = await admin.tenants.create({ name: 'Two' })
  const made: { id: number; tenantId: number; username: string; role: 'admin' | 'viewer' | 'user' | 'super_admin' }[] =
    []
  for (const username of ['ann', 'ben'])
    made.push((await admin.users.create({ username, role: 'admin', password: good, tenant: tenant.id })).user)
  const as = (u: (typeof made)[number]) => browser().caller({ ...u, userId: u.id })
  const [ann, ben] = made as [(typeof made)[number], (typeof made)[number]]
  const codes = await Promise.all([
    codeOf(as(ann).users.deactivate({ id: ben.id })),
    codeOf(as(ben).users.deactivate({ id: ann.id })),
  ])
  expect(codes.toSorted()).toEqual(['CONFLICT', 'OK'])
})

test('a name that is taken in another tenant is only "not available"', async () => {
  const { admin } = await first()
  const tenant = await admin.tenants.create({ name: 'Two' })
  await expect(
    admin.users.create({ username: 'ADA', role: 'user', password: good, tenant: tenant.id }),
  ).rejects.toThrow('not available')
})

test('tokens are shown once, stored hashed, bound to a tenant, and end when revoked or expired', async () => {
  const { admin, actor } = await first()
  const made = await admin.tokens.create({ name: 'feed', scope: 'ingest', server: 'main', orgId: 'O123' })
  expect(made.token).toMatch(/^vct_[0-9A-Za-z]{43}$/)
  const { rows } = await root.query('select * from api_tokens')
  expect(JSON.stringify(rows)).not.toContain(made.token.slice(8))
  const holder = await holderOfApiToken(database, services, made.token)
  expect(holder).toMatchObject({ kind: 'ingest', credential: { tenantId: actor.tenantId } })
  const short = await admin.tokens.create({ name: 's', scope: 'api', expiresAt: new Date(time + 1000).toISOString() })
  expect(await holderOfApiToken(database, services, short.token)).toMatchObject({ kind: 'api' })
  time += 2000
  expect(await holderOfApiToken(database, services, short.token)).toBeUndefined()
  await admin.tokens.revoke({ id: made.id })
  expect(await holderOfApiToken(database, services, made.token)).toBeUndefined()
})

test('failed sign-ins and every change stand in the audit log', async () => {
  const { admin } = await first()
  await codeOf(browser().signIn('ada', 'wrong wrong wrong'))
  const actions = (await admin.audit.list({})).rows.map((r) => r.action)
  expect(actions).toEqual(['sign-in failed', 'sign in', 'user.register'])
})
