// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

/** A tenant with three rows that were received three days ago. */
async function tenantWithOldRows() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 3, rows: ['{"a":1}', '{"a":2}', '{"a":3}'] })
  const month = "(block_month(now() - interval '3 days')::bigint << 40) + block_id % (1::bigint << 40)"
  for (const table of ['runs', 'block_columns', 'blocks'])
    await bed.root.query(`update ${table} set block_id = ${month} where tenant_id = $1`, [tenantId])
  await bed.root.query("update blocks set received_at = now() - interval '3 days' where tenant_id = $1", [tenantId])
  return tenantId
}

const daysOf = async (tenantId: number) =>
  (await bed.one<{ days: number | null }>('select retention_days as days from tenants where id = $1', [tenantId])).days

test('shows what would go before it is saved, asks for it in words, and tells who set it', async () => {
  const tenantId = await tenantWithOldRows()
  const user = await bed.open('/admin/retention', { tenantId, role: 'admin' })
  await screen.findByText('Nothing was removed yet')
  expect(screen.getByRole<HTMLInputElement>('radio', { name: 'For ever' }).checked).toBe(true)
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true)
  await user.click(screen.getByRole('radio', { name: /number of days/ }))
  await user.type(screen.getByRole('textbox', { name: /Days/ }), '2')
  await screen.findByText('Would remove 3 rows of 1 source.')
  const table = within(screen.getByRole('table', { name: 'What would be removed' }))
  expect(table.getAllByRole('row')).toHaveLength(2)
  await user.click(screen.getByRole('button', { name: 'Save…' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Keep 2 days only?' }))
  expect(dialog.getByText(/3 rows of 1 source.* will be removed/)).toBeTruthy()
  const verb = () => dialog.getByRole<HTMLButtonElement>('button', { name: 'Save and remove' })
  expect(verb().disabled).toBe(true)
  expect(await daysOf(tenantId)).toBeNull()
  await user.type(dialog.getByRole('textbox', { name: 'Type 2 days' }), '2 days')
  await user.click(verb())
  await screen.findByText('What is received is kept for 2 days.')
  await screen.findByText(/Last changed by admin-/)
  expect(await daysOf(tenantId)).toBe(2)
})

test('saves at once what removes nothing, and takes no number that is none', async () => {
  const tenantId = await tenantWithOldRows()
  const user = await bed.open('/admin/retention', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('radio', { name: /number of days/ }))
  const days = screen.getByRole('textbox', { name: /Days/ })
  await user.type(days, '0')
  await screen.findByText('A whole number from 1 to 36,500')
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true)
  await user.clear(days)
  await user.type(days, '400')
  await screen.findByText(/Would remove nothing now/)
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await screen.findByText('What is received is kept for 400 days.')
  expect(await daysOf(tenantId)).toBe(400)
})

test('says what somebody else changed meanwhile instead of writing over it', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/admin/retention', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('radio', { name: /number of days/ }))
  await user.type(screen.getByRole('textbox', { name: /Days/ }), '30')
  await screen.findByText(/Would remove nothing now/)
  await (await bed.callerOf(tenantId, 'admin')).retention.set({ days: 90, was: null })
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await expect.poll(() => screen.getByRole<HTMLInputElement>('textbox', { name: /Days/ }).value).toBe('90')
  expect(await daysOf(tenantId)).toBe(90)
})

test('lists what was removed, and is closed to who may not change it', async () => {
  const tenantId = await bed.tenant()
  await bed.root.query(
    "insert into retention_runs (tenant_id, days, cutoff, rows, files, file_bytes, ended_at) values ($1, 30, now() - interval '30 days', 1200000, 2, 2048, now())",
    [tenantId],
  )
  await bed.open('/admin/retention', { tenantId, role: 'admin' })
  const table = within(await screen.findByRole('table', { name: 'What was removed' }))
  expect(table.getByText('1,200,000')).toBeTruthy()
  await bed.open('/admin/retention', { tenantId, role: 'user' })
  await screen.findByRole('heading', { name: 'You may not see this' })
  expect(screen.queryByRole('radio')).toBeNull()
})
