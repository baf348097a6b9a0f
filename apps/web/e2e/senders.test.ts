import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTeam, type Team } from './team.ts'
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

const ways = [
  'Feed: every finished flow',
  'Elastic.Flows.Upload',
  'Splunk.Flows.Upload',
  'WebDAV: offline collectors, upload_webdav()',
]

test('a new token sends a test row in each way, and sees it arrive', { timeout: 120_000 }, async () => {
  const { page } = visit
  await page.goto('/admin/tokens')
  await page.getByRole('button', { name: 'New token…' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'New token' })
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('tried')
  await dialog.getByRole('textbox', { name: /^Velociraptor server/ }).fill('velo-1')
  await dialog.getByRole('textbox', { name: /^Org id/ }).fill('O123')
  await dialog.getByRole('button', { name: 'Make the token' }).click()
  for (const way of ways) {
    await page.getByRole('combobox', { name: 'How it sends' }).click()
    await page.getByRole('option', { name: way }).click()
    await page.getByRole('button', { name: 'Send a test row' }).click()
    await page.getByText(/^test row arrived/).waitFor()
  }
  await page.getByRole('link', { name: 'see it' }).click()
  await page.getByRole('link', { name: 'C.velocicompanion-test' }).waitFor()
  // What senders did is written down every few seconds, and the page looks by itself.
  await page.goto('/ingestion')
  const senders = page.getByRole('region', { name: 'Senders' })
  await senders.getByText('velo-1 / O123 · Splunk HEC').waitFor()
  await senders.getByText('velo-1 / O123 · WebDAV PUT').waitFor()
  expect(await page.getByRole('region', { name: 'Senders that need you' }).count()).toBe(0)
  expectNoFaults(visit)
})
