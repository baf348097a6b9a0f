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

test('an admin brings the key of the collectors, and a locked collection and a CSV of another tool come in', async () => {
  const visit = await team.visit()
  const { page } = visit
  await page.goto('/ingestion')
  await signIn(page, team.who.dana)
  await page.getByRole('button', { name: 'Keys' }).click()
  const keys = page.getByRole('dialog', { name: 'Keys for locked collections' })
  await keys.getByRole('button', { name: 'Bring a key…' }).click()
  await keys.getByLabel('Name of the key').fill('Collectors 2026')
  await keys.getByLabel('Certificate').fill(readFileSync(container('x509.cert.pem'), 'utf8'))
  await keys.getByLabel('Private key').fill(readFileSync(container('x509.key.pem'), 'utf8'))
  await keys.getByRole('button', { name: 'Keep the key' }).click()
  await keys.getByRole('region', { name: 'Key Collectors 2026' }).waitFor()
  await page.keyboard.press('Escape')
  const dialog = page.getByRole('dialog', { name: 'Import a file' })
  const choose = async (file: Parameters<ReturnType<typeof dialog.locator>['setInputFiles']>[0]) => {
    await page.getByRole('button', { name: 'Import a file' }).click()
    await dialog.locator('input[type=file]').setInputFiles(file)
  }
  const bring = async (name: string) => {
    await dialog.getByRole('button', { name: 'Import', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    const row = page.getByRole('table', { name: 'Imports' }).getByRole('row', { name: new RegExp(name) })
    await row.first().getByText('done', { exact: true }).waitFor()
    return row.first()
  }
  await choose(container('offline-x509.zip'))
  const locked = await bring('offline-x509.zip')
  await locked.getByRole('button', { name: 'offline-x509.zip' }).click()
  await page.getByText(/^Opened with the key Collectors 2026 \([0-9a-f]{16}\)$/).waitFor()
  await page.keyboard.press('Escape')
  const buffer = Buffer.from('Computer;Seen;Verdict\nWS-31;03.04.2026 10:20;bad\n')
  await choose({ name: 'scan.csv', mimeType: 'text/csv', buffer })
  await dialog.getByRole('table', { name: 'First rows' }).getByText('WS-31', { exact: true }).waitFor()
  await bring('scan.csv')
  await choose({ name: 'scan2.csv', mimeType: 'text/csv', buffer: Buffer.concat([buffer, Buffer.from('WS-32;;ok\n')]) })
  await dialog.getByText(/^These columns were here before: as/).waitFor()
  await bring('scan2.csv')
  await page.goto('/hosts')
  await page.getByText('WS-32').first().waitFor()
  expectNoFaults(visit)
})
