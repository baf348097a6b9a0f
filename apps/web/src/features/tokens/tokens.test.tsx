// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

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

test('each way of sending has its own set-up, what it loses, and a test row that is seen to arrive', async () => {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 1, rows: ['{"n":0}'] })
  const { id } = await bed.one<{ id: number }>('select id from api_tokens where tenant_id = $1', [tenantId])
  const user = await bed.open(`/admin/tokens?token=${id}&sender=LogScaleFlows`, { tenantId, role: 'admin' })
  await screen.findByRole('heading', { name: 'Snippets: t' })
  screen.getByText('FlowId=flow')
  screen.getByText(/lost when the server event table is edited/)
  await user.click(screen.getByRole('combobox', { name: 'How it sends' }))
  await user.click(await screen.findByRole('option', { name: 'Splunk.Flows.Upload' }))
  expect(bed.address()).toContain('sender=SplunkFlows')
  await screen.findByText('HostnameField')

  await user.click(screen.getByRole('button', { name: 'Make a test row' }))
  const command = await screen.findByRole('group', { name: 'the test command' })
  expect(command.textContent).toContain('/api/ingestion/splunk/services/collector')
  screen.getByText('waiting for the test row')
  await bed.root.query(
    `with h as (insert into hosts (tenant_id, client_id, hostname) values ($1, 'C.velocicompanion-test', 'velocicompanion-test') returning id),
       c as (insert into collections (tenant_id, host_id, flow_id) select $1, id, 'F.TEST1' from h returning id, host_id)
     insert into deliveries (tenant_id, kind, sha256, token_id, host_id, collection_id, rows, rows_stored, completed_at)
     select $1, 'splunk', '\\x00', $2, host_id, id, 1, 1, now() from c`,
    [tenantId, id],
  )
  await screen.findByText(/^test row arrived/, {}, { timeout: 5000 })
})

test('an admin says where Velociraptor opens, and nothing but a web address is taken', async () => {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 1, rows: ['{"n":0}'] })
  const user = await bed.open('/admin/tokens', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('button', { name: 'Set address… main / root' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Where main opens' }))
  const field = dialog.getByRole('textbox', { name: 'Address of its GUI' })
  await user.type(field, 'javascript:alert(1)')
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await dialog.findByText(/must be an address that begins with https/)
  await user.clear(field)
  await user.type(field, 'https://velo.example.com/app/index.html')
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await screen.findByText('https://velo.example.com')
})
