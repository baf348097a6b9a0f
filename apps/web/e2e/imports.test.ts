import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTeam, type Team } from './team.ts'
import { expectNoFaults, signIn } from './world.ts'

let team: Team

beforeAll(async () => {
  team = await openTeam()
})
afterAll(() => team.close())

const container = (name: string) =>
  fileURLToPath(new URL(`../../../packages/api/src/ingestion/fixtures/containers/${name}`, import.meta.url))

test('a person brings in a locked collection: the wrong password is told, the right one brings the rows', async () => {
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/ingestion')
  await signIn(page, team.who.omar)
  for (const [password, outcome] of [
    ['wrong', 'The password does not open the zip'],
    ['S3cret Pass', 'done'],
  ] as const) {
    await page
      .getByRole('button', { name: /^Import/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog', { name: 'Import a file' })
    await dialog.locator('input[type=file]').setInputFiles(container('flow-export-triage-password.zip'))
    await dialog.getByLabel('Password (optional)').fill(password)
    await dialog.getByRole('button', { name: 'Import', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('table', { name: 'Imports' }).getByText(outcome, { exact: true }).waitFor()
  }
  await page.getByRole('link', { name: /^\d+ rows, \d+ files$/ }).click()
  await page.getByRole('heading', { name: 'Collections', exact: true }).waitFor()
  await page.getByText('web-prod-03').first().waitFor()
  const { rows } = await team.dana.call<{ rows: { id: number; kind: string; hostname: string }[] }>(
    'collections.list',
    {},
  )
  const flow = rows.find(({ kind, hostname }) => kind === 'flow' && hostname === 'web-prod-03')!
  await page.goto(`/collections/${flow.id}`)
  await page.getByRole('table', { name: 'Files' }).waitFor()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save uploads/auto/etc/crontab', exact: true }).click()
  const file = await saved
  expect(file.suggestedFilename()).toBe('crontab.collected')
  expect(readFileSync(await file.path())).toHaveLength(251)
  expectNoFaults(visit)
})
