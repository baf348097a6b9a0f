// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

test('invites a person by a link that works once, with no more than the own rights', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/admin/users', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('button', { name: 'Invite a person…' }))
  const dialog = await screen.findByRole('dialog')
  await user.type(within(dialog).getByRole('textbox', { name: /^User name/ }), 'nora')
  expect(within(dialog).queryByText('Super-admin')).toBeNull()
  await user.click(within(dialog).getByRole('button', { name: /^(Invite|Make)/ }))
  await screen.findByText(/\/welcome#/)
  expect(await bed.one('select role from users where username = $1', ['nora'])).toEqual({ role: 'user' })
})

test('finds by name and by state, as the address says', async () => {
  const tenantId = await bed.tenant()
  await bed.callerOf(tenantId, 'viewer', 'omar')
  await bed.callerOf(tenantId, 'viewer', 'hope')
  const user = await bed.open('/admin/users?q=oma', { tenantId, role: 'admin' })
  await screen.findByText('omar')
  expect(screen.queryByText('hope')).toBeNull()
  await user.click(screen.getByRole('radio', { name: 'Deactivated' }))
  await screen.findByRole('heading', { name: 'Nobody matches' })
  expect(bed.address()).toContain('show=inactive')
})
