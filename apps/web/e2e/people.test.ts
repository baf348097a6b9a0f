import { afterAll, beforeAll, expect, test } from 'vitest'
import { look } from './look.ts'
import { held, openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn } from './world.ts'

let team: Team

beforeAll(async () => {
  team = await openTeam()
})
afterAll(() => team.close())

test('a viewer of another tenant finds none of the rows, whatever the way', async () => {
  const { collection, host, source, row } = await held(team)
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/hosts')
  await signIn(page, team.who.hope)
  await page.getByRole('heading', { name: 'No host yet' }).waitFor()
  await page.getByRole('link', { name: 'Collections', exact: true }).click()
  await page.getByRole('heading', { name: 'No collection yet' }).waitFor()
  await page.getByRole('link', { name: 'Hunt', exact: true }).click()
  await page.getByLabel('Query').fill('9223372036854775807')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'No row matches' }).waitFor()
  const nothing = page.getByRole('heading', { name: /^(Not found|Nothing here|No such)/ })
  for (const path of [
    `/hosts/${host}`,
    `/collections/${collection}`,
    `/collections/${collection}/rows?source=${source}&row=${row}`,
    `/cases/${team.caseId}`,
  ]) {
    await page.goto(path)
    await nothing.waitFor()
    expect(await page.locator('body').textContent()).not.toMatch(/db-acme-01|WeirdRows|F\.DC2J/)
  }
  await page.goto(`/hunt?query=9223372036854775807&row=${row}`)
  await page.getByRole('heading', { name: 'No row matches' }).waitFor()
  expect(await page.getByRole('complementary', { name: 'Row' }).getByText('18446744073709551615').count()).toBe(0)
  expectNoFaults(visit, [/status of 404/])
})

test('two who edit one case both find both texts and lose none', async () => {
  const [first, second] = [await team.visit(), await team.visit()]
  for (const [{ page }, who] of [
    [first, team.who.dana],
    [second, team.who.omar],
  ] as const) {
    await page.goto(`/cases/${team.caseId}`)
    await signIn(page, who)
    await page.getByRole('button', { name: 'Edit' }).click()
  }
  await first.page.getByLabel('Text').fill('First line\nWritten by Dana\nLast line')
  await first.page.getByRole('button', { name: 'Save' }).click()
  await first.page.getByRole('button', { name: 'Edit' }).waitFor()

  const { page } = second
  await page.getByLabel('Text').fill('First line\nWritten by Omar\nLast line')
  await page.getByRole('button', { name: 'Save' }).click()
  const conflict = page.getByRole('alert', { name: 'Conflicting change' })
  await conflict.getByText('dana saved the case while you were writing').waitFor()
  for (const line of ['Written by Dana', 'Written by Omar'])
    expect(await conflict.getByText(line, { exact: true }).count()).toBe(1)
  expect(await look(page, 'conflict')).toEqual([])
  await page.reload()
  expect(await page.getByLabel('Text').inputValue()).toContain('Written by Omar')
  await page.getByRole('button', { name: 'Save' }).click()
  await conflict.getByRole('button', { name: 'Merge by hand' }).click()
  const merged = await page.getByLabel('Text').inputValue()
  expect(merged).toContain('Written by Dana')
  expect(merged).toContain('Written by Omar')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Edit' }).waitFor()

  const { description } = await team.dana.call<{ description: string }>('cases.get', { id: team.caseId })
  expect(description).toBe(merged)
  expectNoFaults(first)
  expectNoFaults(second, [/status of 409/])
})

test('the keyboard alone leads from the sign-in to an open row', async () => {
  const visit = await team.visit()
  const { page } = visit
  const { keyboard } = page
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')
  await page.goto('/')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await keyboard.type(team.who.omar.username)
  await keyboard.press('Tab')
  await keyboard.type(team.who.omar.password)
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Home' }).waitFor()

  await keyboard.press('g')
  await keyboard.press('l')
  await page.getByRole('heading', { name: 'Collections' }).waitFor()
  const tabTo = async (name: RegExp) => {
    for (let i = 0; i < 60 && !name.test(await focused()); i++) await keyboard.press('Tab')
    expect(await focused()).toMatch(name)
  }
  await page.getByRole('link', { name: 'F.DC2JEG8O3KT6K' }).waitFor()
  await tabTo(/^F\.DC2JEG8O3KT6K$/)
  await keyboard.press('Enter')
  await page.getByRole('link', { name: 'Custom.Fixture.WeirdRows/Numbers' }).waitFor()
  await tabTo(/WeirdRows\/Numbers$/)
  await keyboard.press('Enter')
  await page.getByRole('row', { name: /floats/ }).waitFor()
  await tabTo(/^Custom\.Fixture\.WeirdRows\/Numbers$/)
  await keyboard.press('j')
  await keyboard.press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Row' })
  await drawer.getByText('1590282834.1201713').waitFor()
  await keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  expect(await focused()).toBe('Custom.Fixture.WeirdRows/Numbers')
  expectNoFaults(visit)
})
