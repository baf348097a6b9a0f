import { afterAll, beforeAll, expect, test } from 'vitest'
import { look } from './look.ts'
import { openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn } from './world.ts'

let team: Team

beforeAll(async () => {
  team = await openTeam()
})
afterAll(() => team.close())

test('by keyboard alone: from a value that is typed to its row, and back to the question', async () => {
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/hunt')
  await signIn(page, team.who.dana)
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('9223372036854775807')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Remove 9223372036854775807' }).waitFor()
  await page
    .getByRole('status', { name: 'Status' })
    .getByText(/^[1-9] rows? match/)
    .waitFor()
  expect(new URL(page.url()).searchParams.get('query')).toContain('9223372036854775807')
  await page
    .getByRole('grid', { name: 'Rows' })
    .getByText(/922337203685477580/)
    .first()
    .waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await page.getByRole('complementary', { name: 'Row' }).getByText('9223372036854775807').first().waitFor()
  expect(await look(page, 'hunt with an open row')).toEqual([])
  await page.goBack()
  await page.getByRole('complementary', { name: 'Row' }).waitFor({ state: 'detached' })
  await page.goBack()
  await page.getByRole('button', { name: 'Remove 9223372036854775807' }).waitFor({ state: 'detached' })
  expectNoFaults(visit, [])
})

test('groups, no match and a query that can not be read are found without a fault', async () => {
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/hunt?query=%7C%20groupby%20source')
  await signIn(page, team.who.dana)
  await page.getByRole('table', { name: 'Groups' }).waitFor()
  expect(await look(page, 'groups')).toEqual([])
  await page.goto('/hunt?query=nothing-has-this%20host:nobody')
  await page.getByRole('heading', { name: 'No row matches' }).waitFor()
  await page.getByText('counting').first().waitFor({ state: 'detached' })
  expect(await look(page, 'no match')).toEqual([])
  await page.goto('/hunt?query=Name:*%20AND')
  await page.getByRole('alert').waitFor()
  expect(await look(page, 'a query that can not be read')).toEqual([])
  expectNoFaults(visit, [/status of 400/])
})
