import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { held, openTeam, type Team } from './team.ts'
import { expectNoFaults, openWorld, signIn, type Visit, type World } from './world.ts'

interface Scene {
  path: string
  /** A name that stands on the page when it is whole. */
  whole: string | RegExp
  /** What a person does there before it is looked at. */
  act?: (page: Page) => Promise<void>
}

const looks = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1720 },
] as const

let team: Team
let empty: World
let visit: Visit

beforeAll(async () => {
  ;[team, empty] = await Promise.all([openTeam(), openWorld()])
  visit = await team.visit()
  await visit.page.goto('/')
  await signIn(visit.page, team.who.dana)
  await visit.page.getByRole('heading', { name: 'Home' }).waitFor()
})
afterAll(() => Promise.all([team.close(), empty.close()]))

/** Not on by itself: who speaks to the page says what is written on a button. */
const rules = { 'label-content-name-mismatch': { enabled: true } }

/** What axe finds on the scene in any of the looks, each in one line. */
async function found(page: Page, { path, whole, act }: Scene) {
  await page.goto(path)
  await page.getByText(whole).first().waitFor()
  await act?.(page)
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
  const lines = new Set<string>()
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 800 })
    const { violations, passes } = await new AxeBuilder({ page })
      .setLegacyMode(true)
      .options({ rules, resultTypes: ['violations'] })
      .analyze()
    expect(passes.length).toBeGreaterThan(10)
    for (const { id, nodes } of violations)
      for (const { html } of nodes) lines.add(`${path} ${colorScheme} ${width} ${id}: ${html.slice(0, 160)}`)
  }
  return [...lines]
}

const press = (name: RegExp | string) => (page: Page) => page.getByRole('button', { name }).first().click()

const scenes = async (): Promise<Scene[]> => {
  const { collection, host, source, row } = await held(team)
  const table = `/collections/${collection}/rows?source=${source}`
  return [
    { path: '/', whole: 'What arrived' },
    { path: '/hosts', whole: 'db-acme-01' },
    { path: '/hosts?query=nobody', whole: 'No host matches' },
    { path: `/hosts/${host}`, whole: 'Identity' },
    { path: '/collections', whole: 'F.DC2JEG8O3KT6K' },
    { path: `/collections/${collection}`, whole: 'Sources' },
    { path: table, whole: 'u64 2^63' },
    { path: table, whole: 'u64 2^63', act: press('9007199254740993') },
    { path: table, whole: 'u64 2^63', act: press(/^Columns/) },
    { path: `${table}&row=${row}`, whole: 'Where it came from' },
    { path: '/rows?q=9223372036854775807', whole: /rows? match/ },
    { path: '/rows?q=(', whole: /not supported yet/ },
    { path: '/cases', whole: 'Odd rows on db-acme-01' },
    { path: '/cases', whole: 'Odd rows on db-acme-01', act: press('New case…') },
    { path: `/cases/${team.caseId}`, whole: 'Description' },
    { path: `/cases/${team.caseId}`, whole: 'Description', act: press('Edit') },
    { path: '/cases/999', whole: '404' },
    { path: '/artifacts', whole: 'sha256' },
    { path: '/ingestion', whole: 'Deliveries' },
    { path: '/admin/users', whole: 'omar' },
    { path: '/admin/users', whole: 'omar', act: press(/^Invite/) },
    { path: '/admin/tokens', whole: 'velo-1' },
    { path: '/admin/tokens', whole: 'velo-1', act: press('New token…') },
    { path: '/admin/tokens', whole: 'velo-1', act: press('Snippets of velo-1') },
    { path: '/admin/tenants', whole: 'Harbour Logistics' },
    { path: '/admin/audit', whole: 'sign in' },
    { path: '/admin/errors', whole: 'No errors' },
    { path: '/account', whole: 'Change password' },
    { path: '/account', whole: 'Change password', act: (page) => page.keyboard.press('Control+k') },
    { path: '/account', whole: 'Change password', act: press(/account and settings/) },
    { path: '/hosts', whole: 'db-acme-01', act: (page) => page.keyboard.press('?') },
    { path: '/nowhere', whole: '404' },
    { path: '/hosts?tenant=all', whole: 'Audited' },
  ]
}

test('finds nothing on any page of somebody who is signed in', { timeout: 300_000 }, async () => {
  const lines: string[] = []
  for (const scene of await scenes()) lines.push(...(await found(visit.page, scene)))
  expect(lines).toEqual([])
  expectNoFaults(visit, [/status of 404/, /status of 400/])
})

test('finds nothing on the pages before the sign-in', async () => {
  const [outside, first] = [await team.visit(), await empty.visit()]
  const lines = [
    ...(await found(outside.page, { path: '/', whole: 'Sign in' })),
    ...(await found(outside.page, { path: '/welcome#a-code', whole: 'Choose your password' })),
    ...(await found(outside.page, { path: '/welcome', whole: 'This link is not whole' })),
    ...(await found(first.page, { path: '/', whole: 'Create the first account' })),
  ]
  expect(lines).toEqual([])
  for (const one of [outside, first]) expectNoFaults(one)
})
