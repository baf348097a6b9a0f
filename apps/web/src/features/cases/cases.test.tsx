// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

test('says that no case matches, and clears the filter', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/cases?query=nothing&severity=low', { tenantId, role: 'user' })
  await screen.findByRole('heading', { name: 'No case matches' })
  await user.click(screen.getByRole('button', { name: 'Clear the filter' }))
  await screen.findByRole('heading', { name: 'No case yet' })
  expect(bed.address()).toBe('/cases')
})

test('keeps both texts when somebody else saved in between', async () => {
  const tenantId = await bed.tenant()
  const other = await bed.callerOf(tenantId, 'user', 'omar')
  const { id, version } = await other.cases.create({ title: 'Odd rows', description: 'first', severity: 'high' })
  const user = await bed.open(`/cases/${id}`, { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Edit' }))
  await other.cases.update({ id, version, description: 'written by omar' })
  const text = screen.getByRole('textbox', { name: 'Text' })
  await user.clear(text)
  await user.type(text, 'written by me')
  await user.click(screen.getByRole('button', { name: 'Save' }))

  const conflict = await screen.findByRole('alert', { name: 'Conflicting change' })
  within(conflict).getByText('omar saved the case while you were writing.')
  within(conflict).getByText('written by omar')
  within(conflict).getByText('written by me')
  expect((await other.cases.get({ id })).description).toBe('written by omar')
  await user.click(within(conflict).getByRole('button', { name: 'Take mine' }))
  await expect.poll(async () => (await other.cases.get({ id })).description).toBe('written by me')
})

test('offers a viewer nothing to write', async () => {
  const tenantId = await bed.tenant()
  const { id } = await (await bed.callerOf(tenantId, 'user')).cases.create({ title: 'Odd rows', severity: 'low' })
  await bed.open(`/cases/${id}`, { tenantId, role: 'viewer' })
  await screen.findByRole('heading', { name: 'Odd rows' })
  expect(screen.queryByRole('button', { name: /Edit|Delete/ })).toBeNull()
})

test('offers the first case where there is none', async () => {
  const user = await bed.open('/cases', { tenantId: await bed.tenant() })
  await screen.findByRole('heading', { name: 'No case yet' })
  await user.click(screen.getAllByRole('button', { name: 'New case…' })[0]!)
  await user.type(await screen.findByRole('textbox', { name: /^Title/ }), 'Loader')
  await user.click(screen.getByRole('button', { name: 'Create case' }))
  await screen.findByRole('heading', { name: 'Loader' })
  expect(bed.address()).toMatch(/^\/cases\/\d+$/)
})
