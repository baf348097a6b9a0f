import { afterAll, beforeAll, expect, test } from 'vitest'
import { look } from './look.ts'
import { openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn } from './world.ts'

let team: Team

beforeAll(async () => {
  team = await openTeam()
})
afterAll(() => team.close())

const report = 'The dropper talks to 203[.]0[.]113[.]66 and hxxp://evil[.]example/a\nNothing else was seen.\n'

test('a report is pasted, swept and saved; its hit is found by itself, seen on its row, and goes into a case', async () => {
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/indicators')
  await signIn(page, team.who.omar)
  await page.getByRole('button', { name: 'Add or sweep…' }).click()
  await page.getByLabel(/^Indicators, or the text/).fill(report)
  await page.getByRole('button', { name: 'Read', exact: true }).click()
  await page.getByText(/^2 indicators read/).waitFor()
  expect(await look(page, 'what was read', '#overlays')).toEqual([])
  await page.getByRole('button', { name: 'Sweep, and keep nothing' }).click()
  await page.getByText(/^2 indicators swept over [\d,]+ rows in [\d,]+ ms: 1 row on 1 host$/).waitFor()
  expect(await look(page, 'a sweep')).toEqual([])

  await page.getByRole('button', { name: 'Save as list…' }).click()
  await page.getByLabel('Name of the list').fill('Clinic intrusion')
  await page.getByRole('button', { name: 'Save 2 indicators' }).click()
  const hits = page.getByRole('table', { name: 'Indicator hits' })
  await hits.getByText('203.0.113.66').waitFor({ timeout: 60_000 })
  expect(await look(page, 'lists and hits')).toEqual([])
  await hits.getByRole('link', { name: 'Newest row' }).click()
  const drawer = page.getByRole('complementary', { name: 'Row' })
  await drawer.getByText('Matches 1 indicator').waitFor()
  await page.locator('[role=grid] .diamond').first().waitFor()
  expect(await look(page, 'a row that matches')).toEqual([])

  await page.goto('/indicators')
  await hits.getByRole('button', { name: 'Case… 203.0.113.66' }).click()
  await page.getByRole('dialog').getByText('New case…').or(page.getByLabel('Title (optional)')).first().waitFor()
  expect(await look(page, 'hits into a case', '#overlays')).toEqual([])
  await page.getByRole('button', { name: 'Open the case' }).click()
  await page.getByRole('heading', { name: /203\.0\.113\.66 was found/ }).waitFor()
  await page.getByRole('table', { name: 'Artifacts' }).getByText('203.0.113.66').waitFor()
  await page.goto('/indicators')
  await page.getByRole('table', { name: 'Values' }).waitFor()
  expect(await hits.count()).toBe(0)
  expectNoFaults(visit, [])
}, 300_000)
