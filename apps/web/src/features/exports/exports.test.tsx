// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { openExporter } from '@velocicompanion/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

/** What the server does beside answering. */
async function writeExports() {
  const exporter = openExporter(bed.database, bed.services)
  exporter.wake()
  await exporter.settled()
  await exporter.close()
}

async function tenantWithRows() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 3, rows: ['{"a":"=1"}', '{"a":"b"}', '{"a":"b"}'] })
  return tenantId
}

test('all rows that match are exported from the hunt, and the bell says when they are there', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/hunt?query=a:b', { tenantId, role: 'viewer' })
  await user.click(await screen.findByRole('button', { name: 'Export all 2…' }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Export all/ }))
  expect(dialog.getByRole<HTMLInputElement>('radio', { name: 'CSV' }).checked).toBe(true)
  await user.click(dialog.getByRole('radio', { name: 'JSON lines' }))
  await user.click(dialog.getByRole('button', { name: 'Export' }))
  await dialog.findByText('waits its turn')
  await writeExports()
  await dialog.findByText(/^done, kept until/)
  await dialog.findByText('2 rows, nothing left out.')
  expect(dialog.getByRole('button', { name: 'Save' })).toBeTruthy()
  await screen.findByRole('button', { name: 'Notifications, 1 unread' })
})

test('lists own exports with rows, bytes and what is not as it was sent', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/hunt', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Export all 3…' }))
  await user.click(
    within(await screen.findByRole('dialog', { name: /^Export all/ })).getByRole('button', { name: 'Export' }),
  )
  await screen.findByText('waits its turn')
  await writeExports()
  await screen.findByText(/^1 cell that a spreadsheet would run has an apostrophe/)
  await user.click(screen.getByRole('link', { name: 'Your exports' }))
  const table = within(await screen.findByRole('table', { name: 'Your exports' }))
  const cells = table.getAllByRole('row')[1]!.textContent
  for (const words of ['every row', 'CSV', 'done, kept until', 'apostrophe in front', 'SHA-256'])
    expect(cells).toContain(words)
  await user.click(table.getByRole('button', { name: /^Remove the file/ }))
  await table.findByText('file removed')
  expect(table.queryByRole('button', { name: /^Save/ })).toBeNull()
})

test('the columns that are shown are exported where that is chosen, within the times that are meant', async () => {
  const tenantId = await bed.tenant()
  const now = new Date().toISOString()
  await sendFlow(bed, tenantId, { expected: 1, rows: [`{"a":"b","c.d":1,"Time":"${now}"}`] })
  const user = await bed.open('/hunt?columns=["host","c\\\\.d","data"]&from=now-7d', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Export all 1…' }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Export all/ }))
  await user.click(dialog.getByRole('radio', { name: 'The 2 shown' }))
  dialog.getByText('host, "c.d"')
  await user.click(dialog.getByRole('radio', { name: 'JSON lines' }))
  expect(dialog.queryByRole('radio', { name: 'The 2 shown' })).toBeNull()
  await user.click(dialog.getByRole('radio', { name: 'CSV' }))
  await user.click(dialog.getByRole('button', { name: 'Export' }))
  await dialog.findByText('waits its turn')
  const made = await bed.one<{ columns: string[]; from_time: string; to_time: string | null }>(
    'select columns, from_time::text, to_time::text from exports where tenant_id = $1',
    [tenantId],
  )
  expect(made).toMatchObject({ columns: ['host', '"c.d"'], to_time: null })
  expect(Date.now() - Date.parse(made.from_time)).toBeGreaterThan(6.9 * 86_400_000)
})

test('one that waits can be cancelled where it was asked for', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/hunt', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Export all 3…' }))
  const dialog = within(await screen.findByRole('dialog', { name: /^Export all/ }))
  await user.click(dialog.getByRole('radio', { name: 'Parquet' }))
  await user.click(dialog.getByRole('button', { name: 'Export' }))
  await user.click(await dialog.findByRole('button', { name: 'Cancel' }))
  await dialog.findByText('cancelled')
  await user.click(dialog.getByRole('button', { name: 'Export again…' }))
  expect(await dialog.findByRole('radio', { name: 'Parquet' })).toBeTruthy()
})

test('without any export the page says where one begins', async () => {
  await bed.open('/exports', { tenantId: await bed.tenant() })
  await screen.findByText('No export yet')
})
