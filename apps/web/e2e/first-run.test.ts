import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendRows } from '../../server/src/testing.ts'
import { found } from './look.ts'
import { expectNoFaults, oddFlow, openWorld, recorded, signIn, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

test('axe finds nothing on the page of the first account', async () => {
  const visit = await world.visit()
  expect(await found(visit.page, { path: '/', whole: 'Create the first account' })).toEqual([])
  expectNoFaults(visit)
  await visit.close()
})

test('leads from an empty server to the rows of a real Velociraptor on the screen', async () => {
  const visit = await world.visit()
  const { page } = visit
  const who = { username: 'dana', password: 'a long sentence for tests' }
  await page.goto('/')
  await page.getByRole('heading', { name: 'Create the first account' }).waitFor()
  await page.getByLabel('User name').fill(who.username)
  await page.getByLabel('Name of the first tenant').fill('Northwind Clinics')
  await page.getByLabel(/^Password/).fill(who.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: 'account and settings of dana' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(page, who)

  await page.getByRole('link', { name: 'Admin' }).click()
  await page.getByRole('link', { name: 'Tokens' }).click()
  await page.getByRole('button', { name: 'New token…' }).first().click()
  await page.getByLabel('Name').fill('velo-1 flows')
  await page.getByRole('textbox', { name: 'Velociraptor server' }).fill('velo-1')
  await page.getByLabel('Org id').fill('O123')
  await page.getByRole('button', { name: 'Make the token' }).click()
  const secret = page.getByText(/^Authorization: Bearer vc/)
  const token = (await secret.textContent())!.slice('Authorization: Bearer '.length)
  expect(await page.getByRole('group', { name: 'the Feed artifact' }).textContent()).toContain(
    `${world.base}/api/ingestion/rows`,
  )
  await page.getByText('waiting for the first delivery').waitFor()

  for (const name of oddFlow) expect((await sendRows(world.base, token, recorded(name))).status).toBe(200)
  await page
    .getByText(/last used/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Done, hide it' }).click()
  expect(await page.content()).not.toContain(token)
  await page.reload()
  await page.getByText('velo-1 flows').waitFor()
  expect(await page.content()).not.toContain(token)

  await page.getByRole('link', { name: 'Collections', exact: true }).click()
  await page.getByRole('link', { name: 'F.DC2JEG8O3KT6K' }).click()
  await page.getByRole('link', { name: 'Custom.Fixture.WeirdRows/Numbers' }).click()
  const first = page.getByRole('row', { name: /u64 2\^63/ })
  await first.waitFor()
  const cells = await first.getByRole('gridcell').allTextContents()
  for (const sent of ['9223372036854775807', '9007199254740993', '-9223372036854775807', '18446744073709552000'])
    expect(cells).toContain(sent)
  const floats = await page
    .getByRole('row', { name: /floats/ })
    .getByRole('gridcell')
    .allTextContents()
  for (const sent of ['-0', '0.1', '1590282834.1201713', '1e+21', '1e-7', '1e+308', '1']) expect(floats).toContain(sent)

  const head = page.getByRole('columnheader', { name: 'Case' })
  const before = (await head.boundingBox())!
  const [edge, middle] = [before.x + before.width, before.y + before.height / 2]
  await page.mouse.move(edge, middle)
  await page.mouse.down()
  await page.mouse.move(edge + 60, middle, { steps: 3 })
  await page.mouse.up()
  await expect.poll(async () => (await head.boundingBox())!.width).toBe(before.width + 60)
  await page.mouse.dblclick(edge + 60, middle)
  await expect.poll(async () => (await head.boundingBox())!.width).toBe(before.width)

  // Beside the box that selects and the values that have a menu.
  await first
    .getByRole('gridcell')
    .first()
    .click({ position: { x: 2, y: 2 } })
  const drawer = page.getByRole('complementary', { name: 'Row' })
  await drawer.getByRole('tab', { name: 'Raw' }).click()
  const sent = recorded(oddFlow[1]!).toString().split('\n')[1]
  await expect.poll(() => drawer.getByRole('tabpanel', { name: 'Raw' }).textContent()).toBe(sent)
  expectNoFaults(visit)
})
