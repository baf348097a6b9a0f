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
