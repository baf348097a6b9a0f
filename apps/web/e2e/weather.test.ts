import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendRows } from '../../server/src/testing.ts'
import { openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn } from './world.ts'

let team: Team

beforeAll(async () => {
  team = await openTeam()
})
afterAll(() => team.close())

type Who = { username: string; password: string }

async function hunting(path: string, who: Who = team.who.dana) {
  const visit = await team.visit()
  await visit.page.goto(path)
  await signIn(visit.page, who)
  await visit.page.getByRole('grid', { name: 'Rows' }).waitFor()
  return visit
}

const grid = (page: Page) => page.getByRole('grid', { name: 'Rows' })
const bar = (page: Page) => page.getByRole('textbox', { name: 'Query' })
const status = (page: Page) => page.getByRole('status', { name: 'Status' })
const queryOf = (page: Page) => new URL(page.url()).searchParams.get('query')

async function ask(page: Page, query: string) {
  await bar(page).fill(query)
  await bar(page).press('Enter')
}

const envelope = (rows: number, flow = 'F.WEATHER') =>
  JSON.stringify({
    kind: 'batch',
    version: 1,
    org_id: 'root',
    client_id: 'C.7',
    flow_id: flow,
    artifact: 'Custom.Weather',
    start_row: 0,
    rows,
  })

async function send(rows: object[], flow?: string) {
  const body = [envelope(rows.length, flow), ...rows.map((row) => JSON.stringify(row))].join('\n')
  expect((await sendRows(team.base, team.token, `${body}\n`)).status).toBe(200)
}

test('a late answer can be stopped, and one that is refused as too expensive says what to do', async () => {
  const list = (name: string) => Array.from({ length: 11 }, (_, i) => `${name}${i}`)
  await send([{ wideA: list('a'), wideB: list('b'), wideC: list('c') }], 'F.WIDE')
  const visit = await hunting('/hunt?query=9223372036854775807')
  const { page } = visit
  await grid(page)
    .getByText(/922337203685477580/)
    .first()
    .waitFor()
  let held: (() => void) | undefined
  await page.route(/rows\.search/, async (route) => {
    await new Promise<void>((go) => (held = go))
    await route.continue().catch(() => {})
  })
  await ask(page, 'velo')
  await page.getByText(/^Searching [\d,]+ rows, \d+\.\d s so far$/).waitFor()
  await grid(page)
    .getByText(/922337203685477580/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await status(page)
    .getByText(/^stopped/)
    .waitFor()
  await page.unroute(/rows\.search/)
  held?.()
  await page.getByRole('button', { name: 'Search again' }).click()
  await status(page)
    .getByText(/^0 rows match|rows? match/)
    .waitFor()

  await ask(page, 'wideA:* | groupby wideA wideB wideC')
  await page
    .getByText(/One row would stand in more than 1,000 groups/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Go back to the last query that was answered' }).click()
  await expect.poll(() => queryOf(page)).toBe('velo')
  expectNoFaults(visit, [/status of 4\d\d/])
  await visit.close()
}, 180_000)

test('a session that ends in mid-typing costs no letter of the query', async () => {
  const visit = await hunting('/hunt')
  const { page } = visit
  await bar(page).fill('Name:svchost.exe NOT half')
  // The same person signs out in another tab.
  const other = await page.context().newPage()
  await other.goto('/')
  await other.getByRole('button', { name: 'account and settings of dana' }).click()
  await other.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(page, team.who.dana)
  await grid(page).waitFor()
  expect(await bar(page).inputValue()).toBe('Name:svchost.exe NOT half')

  // An administrator ends a session: the question that was asked is asked again behind the sign-in.
  const omar = await hunting('/hunt', team.who.omar)
  const { rows } = await team.dana.call<{ rows: { id: number; username: string }[] }>('users.list', {})
  const { id } = rows.find(({ username }) => username === 'omar')!
  await team.dana.call('users.update', { id, isActive: false })
  await team.dana.call('users.update', { id, isActive: true })
  await ask(omar.page, '9223372036854775807')
  await omar.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(omar.page, team.who.omar)
  await grid(omar.page)
    .getByText(/922337203685477580/)
    .first()
    .waitFor()
  expect(await bar(omar.page).inputValue()).toBe('9223372036854775807')
  await omar.close()
  await visit.close()
}, 180_000)

test('rows that come while others are read wait at the head, and nothing moves', async () => {
  const row = (n: number) => ({ Name: `reading-${n}`, Time: '2026-03-01T00:00:00Z' })
  await send(
    Array.from({ length: 150 }, (_, n) => row(n)),
    'F.READ1',
  )
  const visit = await hunting('/hunt?query=Name:reading-*')
  const { page } = visit
  await status(page).getByText('150 rows match').waitFor()
  await grid(page).evaluate((box) => (box.scrollTop = 1300))
  const seen = () => grid(page).evaluate((box) => [box.scrollTop, box.querySelectorAll('[role=row]')[8]?.textContent])
  await expect.poll(async () => (await seen())[1]).toMatch(/reading-/)
  const before = await seen()
  await send(
    Array.from({ length: 128 }, (_, n) => ({ ...row(200 + n), Time: '2026-03-02T00:00:00Z' })),
    'F.READ2',
  )
  const waiting = page.getByRole('button', { name: '128 new rows' })
  await waiting.waitFor({ timeout: 60_000 })
  expect(await seen()).toEqual(before)
  await waiting.click()
  await status(page).getByText('278 rows match').waitFor()
  expectNoFaults(visit)
  await visit.close()
}, 180_000)

test('two tabs hunt apart, and back and forward lead through each question with its row', async () => {
  const visit = await hunting('/hunt')
  const { page } = visit
  const other = await page.context().newPage()
  await other.goto('/hunt?query=9007199254740993')
  await grid(other).waitFor()
  await ask(page, '9223372036854775807')
  await page.getByRole('button', { name: 'Remove 9223372036854775807' }).waitFor()
  await bar(page).press('Escape')
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Row' })
  await drawer.waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await ask(page, 'host:nobody')
  await page.getByRole('heading', { name: 'No row matches' }).waitFor()
  expect(queryOf(other)).toBe('9007199254740993')
  expect(await bar(other).inputValue()).toBe('9007199254740993')
  await page.goBack()
  await page.goBack()
  await drawer.waitFor()
  expect(await bar(page).inputValue()).toBe('9223372036854775807')
  await page.goForward()
  await drawer.waitFor({ state: 'detached' })
  await page.goForward()
  await page.getByRole('heading', { name: 'No row matches' }).waitFor()
  expect(await bar(page).inputValue()).toBe('host:nobody')
  expectNoFaults(visit)
  await visit.close()
}, 180_000)

test('a link from a colleague of another tenant tells nothing, and a viewer is offered nothing to write', async () => {
  const dana = await hunting('/hunt?query=9223372036854775807')
  await dana.page.keyboard.press('Enter')
  await grid(dana.page).focus()
  await grid(dana.page).press('Enter')
  await dana.page.getByRole('complementary', { name: 'Row' }).waitFor()
  const link = new URL(dana.page.url())
  await dana.close()
  const hope = await team.visit()
  await hope.page.goto(`${link.pathname}${link.search}`)
  await signIn(hope.page, team.who.hope)
  await hope.page
    .getByText(/No row matches/)
    .first()
    .waitFor()
  expect(await hope.page.locator('body').textContent()).not.toContain('db-acme')
  link.searchParams.set('tenant', '1')
  await hope.page.goto(`${link.pathname}${link.search}`)
  await hope.page.getByText('404').waitFor()
  await hope.close()

  const viewer = { username: 'vera', password: team.who.omar.password }
  await team.dana.call('users.create', { ...viewer, role: 'viewer' })
  const vera = await hunting('/hunt?query=9223372036854775807', viewer)
  const { page } = vera
  await grid(page).focus()
  for (const key of ['l', 'l', 'm']) await page.keyboard.press(key)
  const menu = page.getByRole('menu')
  await menu.getByRole('menuitem', { name: /^Include/ }).waitFor()
  expect(await menu.getByRole('menuitem', { name: /case|indicators|benign/i }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await page.keyboard.press('4')
  await page.keyboard.press('x')
  await page.getByText(/^1 of \d+ shown selected/).waitFor()
  expect(await page.getByRole('button', { name: /Mark|Add to case|Tag/ }).count()).toBe(0)
  expect(await grid(page).getByText('Malicious').count()).toBe(0)
  await vera.close()
}, 180_000)

const odd = {
  '<img src=x onerror=window.hacked=1>': '<script>window.hacked=1</script>',
  'Computer Info.Na"me': 'quoted',
  Ünïcode: 'grüße',
  __proto__x: 'javascript:window.hacked=1',
  esc: '\u001b]0;title\u0007\u001b[31mred',
  rtl: 'svc_report\u202Efdp.exe',
  zero: 'ad\u200Bmin',
}

test('hostile rows stand as text: markup, escapes, directions and odd names', async () => {
  await send([odd], 'F.ODD')
  const visit = await hunting('/hunt?query=esc:*')
  const { page } = visit
  await page.getByRole('button', { name: /^Columns/ }).click()
  await page.getByText('Computer Info.Na"me').first().waitFor()
  await page.keyboard.press('Escape')
  await grid(page).focus()
  await grid(page).press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Row' })
  for (const words of ['U+202E', 'U+200B', 'U+001B', '<script>window.hacked=1</script>', 'grüße'])
    await drawer.getByText(words).first().waitFor()
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await page.locator('[title*="\u202E"], [title*="\u001b"], [aria-label*="\u202E"]').count()).toBe(0)
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

  // A field of any name leads to its rows.
  await ask(page, String.raw`"Computer Info.Na\"me":quoted`)
  await status(page).getByText('1 row matches').waitFor()
  expectNoFaults(visit)
  await visit.close()
}, 180_000)

test('a server that is gone is told, the query stays, and what was read stays', async () => {
  const visit = await hunting('/hunt?query=9223372036854775807')
  const { page } = visit
  await team.kill()
  await ask(page, '9007199254740993')
  await page.getByText('The server does not answer.').first().waitFor()
  expect(await bar(page).inputValue()).toBe('9007199254740993')
  await team.restart()
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await grid(page)
    .getByText(/9007199254740993/)
    .first()
    .waitFor()
  expectNoFaults(visit, [/net::ERR|Failed to fetch|Failed to load/])
  await visit.close()
}, 180_000)
