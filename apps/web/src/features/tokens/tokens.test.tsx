// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

test('shows a new token once, and what to do with it', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/admin/tokens', { tenantId, role: 'admin' })
  await screen.findByRole('heading', { name: 'No tokens yet' })
  await user.click(screen.getAllByRole('button', { name: 'New token…' })[0]!)
  const dialog = await screen.findByRole('dialog', { name: 'New token' })
  await user.type(within(dialog).getByRole('textbox', { name: /^Name/ }), 'velo-1 flows')
  await user.type(within(dialog).getByRole('textbox', { name: /^Velociraptor server/ }), 'velo-1')
  await user.click(within(dialog).getByRole('button', { name: 'Make the token' }))

  const secret = await screen.findByText(/^Authorization: Bearer vct_/)
  const token = secret.textContent!.slice('Authorization: Bearer '.length)
  screen.getByText('waiting for the first delivery')
  await user.click(screen.getByRole('button', { name: 'Done, hide it' }))
  await screen.findByRole('button', { name: 'Snippets of velo-1 flows' })
  expect(document.body.textContent).not.toContain(token)

  await user.click(screen.getByRole('button', { name: 'Revoke… velo-1 flows' }))
  await user.click(await screen.findByRole('button', { name: 'Revoke' }))
  await screen.findByText(/^revoked/)
})

test('says to an analyst which permission is missing', async () => {
  await bed.open('/admin/tokens', { tenantId: await bed.tenant(), role: 'user' })
  await screen.findByRole('heading', { name: 'You may not see this' })
  screen.getByText('403 · needs token:manage')
})
