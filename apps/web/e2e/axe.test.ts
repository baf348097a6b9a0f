import { readFileSync, readdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { found, type Scene } from './look.ts'
import { held, openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn, type Visit } from './world.ts'

let team: Team
let visit: Visit

beforeAll(async () => {
  team = await openTeam()
  visit = await team.visit()
  await visit.page.goto('/')
  await signIn(visit.page, team.who.dana)
  await visit.page.getByRole('heading', { name: 'Home' }).waitFor()
})
afterAll(() => team.close())

const press = (name: RegExp | string) => (page: Page) => page.getByRole('button', { name }).first().click()

async function chooseCsv(page: Page) {
  await press('Import a file')(page)
  const file = { name: 'scan.csv', mimeType: 'text/csv', buffer: Buffer.from('Computer,Seen\nWS-31,2026-04-03\n') }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('table', { name: 'First rows' }).waitFor()
}

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
    { path: table, whole: 'u64 2^63', act: press('9007199254740993'), within: '#overlays' },
    { path: table, whole: 'u64 2^63', act: press(/^Columns/), within: '#overlays' },
    { path: `${table}&row=${row}`, whole: 'Where it came from' },
    { path: '/hunt?query=9223372036854775807', whole: /rows? match/ },
    { path: '/hunt?query=(', whole: /Expected a value or a field/ },
    { path: '/hunt', whole: /rows match/, act: press(/^Export all/), within: '#overlays' },
    { path: '/hunt', whole: /rows match/, act: press(/^Any time/), within: '#overlays' },
    { path: `/hunt?query=${encodeURIComponent('| groupby host')}`, whole: 'First seen' },
    { path: '/exports', whole: 'No export yet' },
    { path: '/notifications', whole: 'No notification yet' },
    { path: '/account', whole: 'Change password', act: press('Notifications'), within: '#overlays' },
    { path: '/cases', whole: 'Odd rows on db-acme-01' },
    { path: '/cases', whole: 'Odd rows on db-acme-01', act: press('New case…'), within: '#overlays' },
    { path: `/cases/${team.caseId}`, whole: 'Description' },
    { path: `/cases/${team.caseId}`, whole: 'Description', act: press('Edit') },
    { path: '/cases/999', whole: '404' },
    { path: '/artifacts', whole: 'sha256' },
    { path: '/indicators', whole: 'Indicators' },
    { path: '/benign', whole: 'No rule yet' },
    { path: `/hosts/${host}/timeline`, whole: 'db-acme-01' },
    { path: `/hosts/${host}/processes`, whole: 'No process list of this host' },
    { path: '/compare', whole: 'Choose both sides' },
    { path: '/ingestion', whole: 'Deliveries' },
    { path: '/ingestion?problems=true&kind=batch', whole: 'No delivery matches' },
    { path: '/ingestion', whole: 'Deliveries', act: press('Keys'), within: '#overlays' },
    { path: '/ingestion', whole: 'Deliveries', act: chooseCsv, within: '#overlays' },
    { path: '/admin/users', whole: 'omar' },
    { path: '/admin/users', whole: 'omar', act: press(/^Invite/), within: '#overlays' },
    { path: '/admin/tokens', whole: 'velo-1' },
    { path: '/admin/tokens', whole: 'velo-1', act: press('New token…'), within: '#overlays' },
    { path: '/admin/tokens', whole: 'velo-1', act: press('Snippets of velo-1') },
    ...['SplunkFlows', 'WebDAV'].map((sender) => ({
      path: `/admin/tokens?token=1&sender=${sender}`,
      whole: 'Lost while we are away',
      act: press('Make a test row'),
    })),
    { path: '/admin/tokens', whole: 'velo-1', act: press(/^Set address…/), within: '#overlays' },
    { path: '/admin/tenants', whole: 'Harbour Logistics' },
    { path: '/admin/retention', whole: 'Nothing was removed yet' },
    {
      path: '/admin/retention',
      whole: 'Nothing was removed yet',
      act: (page) => page.getByLabel(/number of days/).check(),
    },
    { path: '/admin/audit', whole: 'sign in' },
    { path: '/admin/errors', whole: 'No errors' },
    { path: '/account', whole: 'Change password' },
    {
      path: '/account',
      whole: 'Change password',
      act: (page) => page.keyboard.press('Control+k'),
      within: '#overlays',
    },
    { path: '/account', whole: 'Change password', act: press(/account and settings/), within: '#overlays' },
    { path: '/hosts', whole: 'db-acme-01', act: (page) => page.keyboard.press('?'), within: '#overlays' },
    { path: '/nowhere', whole: '404' },
    { path: '/hosts?tenant=all', whole: 'Audited' },
  ]
}

const outsideScenes: Scene[] = [
  { path: '/sign-in', whole: 'Sign in' },
  { path: '/welcome#a-code', whole: 'Choose your password' },
  { path: '/welcome', whole: 'This link is not whole' },
]

/** They lead on to another page. */
const leadsOn = new Set(['/admin', '/rows'])

test('every page is looked at', async () => {
  const features = new URL('../src/features/', import.meta.url)
  const files = readdirSync(features, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('routes.ts'),
  )
  const paths = files.flatMap((file) =>
    [...readFileSync(new URL(file, features), 'utf8').matchAll(/\bpath: '(\/[^']*)'/g)].map((match) => match[1]!),
  )
  expect(paths.length).toBeGreaterThan(20)
  const seen = [...(await scenes()), ...outsideScenes].map(({ path }) => path.replace(/[?#].*/, ''))
  const unseen = (path: string) => {
    const pattern = new RegExp(`^${path.replaceAll(/\$\w+/g, '\\d+')}$`)
    return !leadsOn.has(path) && !seen.some((one) => pattern.test(one))
  }
  expect(paths.filter(unseen)).toEqual([])
})

test('finds nothing on any page of somebody who is signed in', { timeout: 420_000 }, async () => {
  const lines: string[] = []
  for (const scene of await scenes()) lines.push(...(await found(visit.page, scene)))
  expect(lines).toEqual([])
  expectNoFaults(visit, [/status of 404/, /status of 400/])
})

test('finds nothing on the pages before the sign-in', async () => {
  const outside = await team.visit()
  const lines: string[] = []
  for (const scene of outsideScenes) lines.push(...(await found(outside.page, scene)))
  expect(lines).toEqual([])
  expectNoFaults(outside)
})
