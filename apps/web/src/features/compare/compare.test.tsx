// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

test('shows exactly what changed between two collections, and goes on to what was added', async () => {
  const tenantId = await bed.tenant()
  const rows = ['{"Name":"a","N":9007199254740993,"Time":"2024-01-01T00:00:00Z"}', '{"Name":"b","N":1}']
  await sendFlow(bed, tenantId, { expected: 2, rows })
  const { id } = await bed.one<{ id: number }>('select id::int from collections where tenant_id = $1', [tenantId])
  await bed.root.query("update collections set flow_id = 'F.0' where tenant_id = $1", [tenantId])
  await bed.root.query("update velociraptor_servers set name = 'old', org_id = 'old' where tenant_id = $1", [tenantId])
  const after = ['{"Name":"a","N":9007199254740992,"Time":"2024-02-01T00:00:00Z"}', '{"Name":"c","N":1}', rows[1]!]
  await sendFlow(bed, tenantId, { expected: 3, rows: after })
  const { other } = await bed.one<{ other: number }>(
    'select max(id)::int as other from collections where tenant_id = $1',
    [tenantId],
  )
  const user = await bed.open(`/compare?left=collection:${id}&right=collection:${other}`, { tenantId, role: 'viewer' })
  const table = await screen.findByRole('table', { name: 'Rows changed' })
  const changed = within(table).getAllByRole('row')[1]!
  expect(changed.textContent).toContain('9007199254740993')
  expect(changed.textContent).toContain('9007199254740992')
  expect(changed.textContent).not.toContain('2024-02-01')
  await user.click(screen.getByRole('radio', { name: 'Added 1' }))
  const added = await screen.findByRole('table', { name: 'Rows added' })
  expect(within(added).getAllByRole('row')[1]!.textContent).toContain('c')
  expect(bed.address()).toContain('show=added')
})

test('asks for both sides, and finds nothing of another tenant', async () => {
  const tenantId = await bed.tenant()
  await bed.open('/compare', { tenantId })
  await screen.findByRole('heading', { name: 'Choose both sides' })
  await bed.open('/compare?left=collection:1&right=collection:1', { tenantId })
  await screen.findByText(/No such collection/)
})
