import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  databaseServer,
  domainController,
  fileServer,
  patientZero,
  secondStation,
  story,
  webServer,
} from '../../server/src/demo/story.ts'
import { clientOf } from '../../server/src/testing.ts'
import { beyond, found, type Scene } from './look.ts'
import { expectNoFaults, openWorld, signIn, type Visit, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await openWorld(['--demo'])
}, 400_000)
afterAll(() => world.close())

/** The password that the server said for the account when it started. */
const passwordOf = (username: string) =>
  world
    .said()
    .split('\n')
    .find((line) => line.includes(` ${username} `))!
    .trim()
    .split(/\s+/)
    .at(-1)!

type Page = Visit['page']

async function type(page: Page, query: string) {
  await page.keyboard.press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.type(query)
  await page.keyboard.press('Enter')
}

/** Presses J until the row with the focus has all these words. */
async function goToRow(page: Page, words: string[]) {
  const here = () =>
    page.evaluate(() => {
      const cell = document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant')
      return document.getElementById(cell ?? '')?.closest('[role=row]')?.textContent ?? ''
    })
  for (let pressed = 0; pressed < 80; pressed++) {
    const row = await here()
    if (words.every((word) => row.includes(word))) return
    await page.keyboard.press('j')
  }
  throw new Error(`no row has ${words.join(', ')}`)
}

const hostsIn = async (page: Page) =>
  (await page.getByRole('table', { name: 'Groups' }).locator('[data-group] button').allTextContents()).toSorted()

test('the staged intrusion is found by keyboard alone, from one indicator to all its hosts', async () => {
  const visit = await world.visit()
  const { page } = visit
  await page.goto('/hunt?tenant=all')
  await signIn(page, { username: 'demo', password: passwordOf('demo') })
  await page.getByRole('grid', { name: 'Rows' }).waitFor()

  // A report names one address. It is on workstations of the one tenant and servers of the other.
  await type(page, story.loader.ip)
  await page.getByText(/^57 rows match/).waitFor()
  await page.keyboard.press('Escape')
  for (const key of ['l', 'l', 'l', 'g']) await page.keyboard.press(key)
  await page.getByText('all 4 groups shown, 57 rows in them').waitFor()
  const hosts = new Set(await hostsIn(page))
  expect([...hosts].toSorted()).toEqual([databaseServer, webServer, patientZero, secondStation].toSorted())

  // What ran there: from a connection to the process that made it, and to what that one started.
  await page.keyboard.press('[')
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  await goToRow(page, [patientZero, 'Custom.Windows.Sysmon'])
  await page.keyboard.press('p')
  const tree = page.getByRole('tree', { name: 'Processes' })
  await tree.waitFor()
  await page.keyboard.press('Tab')
  while (!(await tree.evaluate((box) => box === document.activeElement))) await page.keyboard.press('Tab')
  const line = () =>
    tree.evaluate((box) => document.getElementById(box.getAttribute('aria-activedescendant')!)!.textContent)
  expect(await line()).toContain('rundll32.exe')
  expect(await line()).toContain(story.dll)
  let moved = ''
  for (let pressed = 0; pressed < 20 && !moved.includes(story.account); pressed++) {
    await page.keyboard.press('ArrowDown')
    moved = await line()
  }
  expect(moved).toContain(`net.exe`)
  expect(moved).toContain(`\\\\${fileServer}\\ADMIN$`)

  // The account that it used leads to all other hosts.
  await page.keyboard.press('[')
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  await type(page, `${story.account} | groupby host`)
  await page.getByText(/^all 3 groups shown/).waitFor()
  for (const host of await hostsIn(page)) hosts.add(host)
  expect([...hosts].toSorted()).toEqual(
    [databaseServer, domainController, fileServer, patientZero, secondStation, webServer].toSorted(),
  )

  // From a group to its host.
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await page.keyboard.press('o')
  await page.getByRole('button', { name: new RegExp(`^Remove host:"?${domainController}`) }).waitFor()
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  expectNoFaults(visit)
  await visit.close()
}, 180_000)

const open = (name: RegExp | string) => (page: Page) => page.getByRole('button', { name }).first().click()
const key = (keys: string[]) => async (page: Page) => {
  await page.getByRole('grid', { name: 'Rows' }).focus()
  for (const one of keys) await page.keyboard.press(one)
}

/** Every state of the hunt's screens, with what the demo holds. */
async function scenes(): Promise<Scene[]> {
  const client = clientOf(world.base)
  await client.signIn('noah.analyst', passwordOf('noah.analyst'))
  const { rows: found } = await client.call<{ rows: { id: string; hostId: number; source: string }[] }>('rows.search', {
    query: `host:${patientZero} ${story.loader.ip}`,
    limit: 50,
  })
  const { id: row, hostId } = found.find(({ source }) => source === 'Custom.Windows.Sysmon')!
  const { rows: flows } = await client.call<{ rows: { id: number; hostname: string; huntId: string | null }[] }>(
    'collections.list',
    { limit: 200 },
  )
  const [left, right] = flows.filter(({ huntId }) => huntId !== null)
  const pslist = '/hunt?query=source:Windows.System.Pslist%20Name:svchost.exe'
  const grouped = `/hunt?query=${encodeURIComponent('source:Windows.System.Pslist | groupby Name Hash.SHA256')}`
  return [
    { path: pslist, whole: /rows match/ },
    { path: pslist, whole: /rows match/, act: key(['x', 'j', 'x']) },
    { path: pslist, whole: /rows match/, act: key(['l', 'l', 'l', 'm']), within: '#overlays' },
    { path: pslist, whole: /rows match/, act: open('History'), within: '#overlays' },
    { path: pslist, whole: /rows match/, act: open('Views'), within: '#overlays' },
    { path: pslist, whole: /rows match/, act: open(/^Save/), within: '#overlays' },
    { path: `/hunt?query=${story.loader.ip}&row=${row}`, whole: 'Where it came from' },
    { path: grouped, whole: /groups shown/ },
    { path: grouped, whole: /groups shown/, act: open('Add a field'), within: '#overlays' },
    { path: grouped, whole: /groups shown/, act: open('Export'), within: '#overlays' },
    { path: `/hunt?view=timeline&around=${row}`, whole: 'here' },
    { path: `/hosts/${hostId}/timeline?around=${row}`, whole: 'here' },
    { path: `/hosts/${hostId}/processes?row=${row}`, whole: 'rundll32.exe' },
    { path: '/compare', whole: 'Choose both sides' },
    { path: `/compare?left=collection:${left!.id}&right=collection:${right!.id}`, whole: /Added [\d,]+/ },
    { path: '/exports', whole: 'Your exports' },
    { path: '/notifications', whole: 'Your CSV export is ready' },
  ]
}

test('axe finds nothing in any state of the hunt, light and dark, and nothing is cut at any size', async () => {
  const visit = await world.visit()
  const { page } = visit
  await page.goto('/hunt')
  await signIn(page, { username: 'noah.analyst', password: passwordOf('noah.analyst') })
  await page.getByRole('button', { name: /^Export all/ }).click()
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await page.getByText(/^done, kept until/).waitFor({ timeout: 60_000 })
  const lines: string[] = []
  for (const [i, scene] of (await scenes()).entries()) {
    lines.push(...(await found(page, scene)), ...(await beyond(page, `${i} ${scene.path}`)))
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  expect(lines).toEqual([])
  expectNoFaults(visit)
  await visit.close()
}, 600_000)
