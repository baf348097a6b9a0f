// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { sweepLists } from '@velocicompanion/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

/** What the server does beside answering. */
const sweepAll = () =>
  sweepLists({ database: bed.database, services: bed.services, signal: new AbortController().signal })

async function tenantWithRows() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 2, rows: ['{"to":"203.0.113.77"}', '{"to":"198.51.100.1"}'] })
  return tenantId
}

const report = 'C2: hxxp://evil[.]example/a\n203[.]0[.]113[.]77\n203.0.113.77\n8.8.8.8\nnothing here\n'

test('a pasted report is read, swept at once and then saved as a list, whose hits become a case', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/indicators', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Add or sweep…' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Add or sweep indicators' }))
  await user.click(dialog.getByLabelText(/^Indicators, or the text/))
  await user.paste(report)
  await user.click(dialog.getByRole('button', { name: 'Read' }))
  await dialog.findByText(/^3 indicators read, 1 duplicate left out, 1 would find too much/)
  expect(dialog.getByRole<HTMLInputElement>('checkbox', { name: 'Take 8.8.8.8' }).checked).toBe(false)
  await user.click(dialog.getByRole('button', { name: 'Sweep, and keep nothing' }))
  await screen.findByText(/^2 indicators swept over 2 rows in [\d,]+ ms: 1 row on 1 host$/)
  const seen = within(screen.getByRole('table', { name: 'Seen' }))
  expect(seen.getAllByRole('row')[1]!.textContent).toContain('203.0.113.77')
  expect(screen.getByText('1 value never seen')).toBeTruthy()
  expect(await bed.one('select count(*)::int as n from indicators where tenant_id = $1', [tenantId])).toEqual({ n: 0 })

  await user.click(screen.getByRole('button', { name: 'Save as list…' }))
  const saving = within(await screen.findByRole('dialog', { name: 'Add or sweep indicators' }))
  await user.type(saving.getByLabelText('Name of the list'), 'Clinic')
  await user.click(saving.getByRole('button', { name: 'Save 2 indicators' }))
  await screen.findByRole('button', { name: 'Clinic' })
  await sweepAll()

  const { row } = await bed.one<{ row: string }>(
    "select collection_id || '.' || source_id || '.' || row_number as row from indicator_hits where tenant_id = $1",
    [tenantId],
  )
  await bed.open(`/hunt?query=203.0.113.77&row=${row}`, { tenantId, again: true })
  const drawn = within(await screen.findByRole('list', { name: 'Indicators in this row' }))
  expect(drawn.getByRole('listitem').textContent).toContain('203.0.113.77')
  expect(drawn.getByRole('link', { name: 'Clinic' })).toBeTruthy()

  await bed.open('/', { tenantId, again: true })
  const hits = within(await screen.findByRole('table', { name: 'Indicator hits' }))
  await user.click(hits.getByRole('button', { name: 'Open a case of 203.0.113.77' }))
  await screen.findByRole('heading', { name: /203\.0\.113\.77 was found/ })
})

test('a viewer sweeps, and is offered nothing that changes a list', async () => {
  const tenantId = await tenantWithRows()
  await bed.root.query("insert into indicator_lists (tenant_id, name) values ($1, 'Clinic')", [tenantId])
  await bed.open('/indicators', { tenantId, role: 'viewer' })
  await screen.findByRole('button', { name: 'Clinic' })
  expect(screen.getByRole('button', { name: 'Sweep…' })).toBeTruthy()
  for (const name of ['New list…', 'Change Clinic', 'Match against Clinic'])
    expect(screen.queryByRole('button', { name })).toBeNull()
  expect(screen.queryByRole('switch')).toBeNull()
})

test('a list is made, switched off, deleted and brought back', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/indicators', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'New list…' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'New list' }))
  await user.type(dialog.getByLabelText(/^Name/), 'Old phishing')
  await user.type(dialog.getByLabelText('Valid until (UTC)'), '2020-10-01')
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await screen.findByText(/ended/)
  await user.click(screen.getByRole('switch', { name: 'Match against Old phishing' }))
  await screen.findByRole('switch', { name: 'Match against Old phishing', checked: false })
  await user.click(screen.getByRole('button', { name: 'Change Old phishing' }))
  await user.click(await screen.findByRole('button', { name: 'Delete the list' }))
  await screen.findByText('No list yet')
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  await screen.findByRole('button', { name: 'Old phishing' })
})

test('a CSV is imported by its columns, and what was not understood is named', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/indicators', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Import CSV, STIX or MISP…' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Import into a new list' }))
  const file = new File(['IOC;Art\nevil.example;domain\nx;nonsense\n'], 'iocs.csv')
  await user.upload(document.querySelector<HTMLInputElement>('input[type=file]')!, file)
  await user.type(await dialog.findByLabelText(/^Column of the values/), 'ioc')
  await user.type(dialog.getByLabelText(/^Column of their kinds/), 'art')
  await user.type(dialog.getByLabelText('Name of the list'), 'Feed')
  await user.click(dialog.getByRole('button', { name: 'Import' }))
  await dialog.findByText(/^1 indicator added, 0 stood there already, 1 part not understood/)
  await dialog.findByText(/line 3/)
})
