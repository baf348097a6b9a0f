// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
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

test('a pasted report is read, swept at once and then saved as a list', async () => {
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
  expect(await bed.one('select count(*)::int as n from indicators where tenant_id = $1', [tenantId])).toEqual({ n: 2 })
})

test('a hit is shown in the hunt, on its row and at home, and becomes a case', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/cases', { tenantId })
  const api = await bed.callerOf(tenantId, 'user')
  await api.indicators.create({ name: 'Clinic', indicators: [{ kind: 'ip', value: '203.0.113.77' }] })
  await sweepAll()
  const { row } = await bed.one<{ row: string }>(
    "select collection_id || '.' || source_id || '.' || row_number as row from indicator_hits where tenant_id = $1",
    [tenantId],
  )
  await bed.open(`/hunt?query=203.0.113.77&row=${row}`, { tenantId, again: true })
  const drawn = within(await screen.findByRole('list', { name: 'Indicators in this row' }))
  expect(drawn.getByRole('listitem').textContent).toBe('ip 203.0.113.77 in to')
  const matches = within(screen.getByRole('region', { name: 'Matches' }))
  expect(matches.getByRole('link', { name: 'Clinic' })).toBeTruthy()
  expect(matches.getByText('Matches 1 indicator')).toBeTruthy()
  // The diamond in the grid, and the red line under what matched.
  expect(screen.getByTitle('Matches 203.0.113.77 of Clinic')).toBeTruthy()
  expect([...document.querySelectorAll('.matched')].map((one) => one.textContent)).toContain('203.0.113.77')
  await screen.findByRole('img', { name: /^Rows over event time.* 1 row with an indicator\.$/ })

  await bed.open('/', { tenantId, again: true })
  const hits = within(await screen.findByRole('table', { name: 'Indicator hits' }))
  await user.click(hits.getByRole('button', { name: 'Case… 203.0.113.77' }))
  const opening = within(await screen.findByRole('dialog', { name: 'Add hits of 1 indicator to a case' }))
  await user.click(opening.getByRole('button', { name: 'Open the case' }))
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

test('hits of several indicators are acknowledged at once, and added to a case that is there', async () => {
  const tenantId = await tenantWithRows()
  const user = await bed.open('/cases', { tenantId })
  const api = await bed.callerOf(tenantId, 'user')
  const values = ['203.0.113.77', '198.51.100.1']
  await api.indicators.create({ name: 'l', indicators: values.map((value) => ({ kind: 'ip', value })) })
  const { id: caseId } = await api.cases.create({ title: 'Clinic' })
  await sweepAll()
  await bed.open('/indicators', { tenantId, again: true })
  const table = async () => within(await screen.findByRole('table', { name: 'Indicator hits' }))
  await user.click((await table()).getByRole('button', { name: 'Case… 203.0.113.77' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Add hits of 1 indicator to a case' }))
  const select = dialog.getByRole<HTMLInputElement>('combobox', { name: 'Case' })
  await waitFor(() => expect(select.disabled).toBe(false))
  await user.click(select)
  await user.click(await screen.findByRole('option', { name: `Clinic (case ${caseId})` }))
  await user.click(dialog.getByRole('button', { name: 'Add to the case' }))
  await screen.findByRole('heading', { name: /Clinic/ })
  expect((await api.artifacts.list({ caseId })).rows).toMatchObject([{ value: '203.0.113.77' }])
  await bed.root.query('update indicator_hits set acknowledged_at = null where tenant_id = $1', [tenantId])
  await bed.open('/indicators', { tenantId, again: true })
  for (const value of values) await user.click((await table()).getByRole('checkbox', { name: `Select ${value}` }))
  await user.click(screen.getByRole('button', { name: 'Acknowledge 2 indicators' }))
  await screen.findByText('2 hits acknowledged.')
  expect((await api.indicators.hits({ open: true })).rows).toEqual([])
})

test('artifacts of a case go on a list, and what would find too much is named', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/cases', { tenantId })
  const api = await bed.callerOf(tenantId, 'user')
  const { id: caseId } = await api.cases.create({ title: 'Clinic' })
  for (const value of ['evil[.]example', 'google.com'])
    await api.artifacts.create({ caseId, artifactType: 'domain', value })
  await bed.open(`/cases/${caseId}`, { tenantId, again: true })
  await user.click(await screen.findByRole('button', { name: 'Put 2 on an indicator list…' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Put 2 artifacts on an indicator list' }))
  await user.type(dialog.getByLabelText(/^Name of the list/), 'Clinic intrusion')
  await user.click(dialog.getByRole('button', { name: 'Put on the list' }))
  await dialog.findByText(/^1 indicator added/)
  expect(dialog.getByRole('listitem').textContent).toContain('google.com')
  await user.click(dialog.getByRole('link', { name: 'Open the list' }))
  const values = within(await screen.findByRole('table', { name: 'Values' }))
  expect(values.getByText('evil.example')).toBeTruthy()
  expect(values.getByRole('link', { name: `case ${caseId}` })).toBeTruthy()
})

test('two who change one list lose nothing: what both changed stands side by side', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/indicators', { tenantId })
  const api = await bed.callerOf(tenantId, 'user')
  const { id, version } = await api.indicators.create({ name: 'Clinic', note: 'old' })
  await bed.open('/indicators', { tenantId, again: true })
  await user.click(await screen.findByRole('button', { name: 'Change Clinic' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Change Clinic' }))
  await user.clear(dialog.getByLabelText('Note'))
  await user.type(dialog.getByLabelText('Note'), 'mine')
  await user.type(dialog.getByLabelText('Source'), 'our report')
  const theirs = await api.indicators.update({ id, version, note: 'theirs', tlp: 'red' })
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  const conflict = within(await dialog.findByRole('alert', { name: 'Conflicting change' }))
  const cells = conflict
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.textContent)
  expect(cells).toContain('Notetheirsmine')
  expect((await api.indicators.get({ id })).version).toBe(theirs.version)
  await user.click(conflict.getByRole('button', { name: 'Save mine' }))
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(await api.indicators.get({ id })).toMatchObject({ note: 'mine', source: 'our report', tlp: 'red' })
})

test('what two changed apart from each other is kept of both without a question', async () => {
  const tenantId = await bed.tenant()
  const user = await bed.open('/indicators', { tenantId })
  const api = await bed.callerOf(tenantId, 'user')
  const { id, version } = await api.indicators.create({ name: 'Clinic' })
  await bed.open('/indicators', { tenantId, again: true })
  await user.click(await screen.findByRole('button', { name: 'Change Clinic' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Change Clinic' }))
  await user.type(dialog.getByLabelText('Note'), 'mine')
  await api.indicators.update({ id, version, tlp: 'red' })
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await waitFor(async () => expect(await api.indicators.get({ id })).toMatchObject({ note: 'mine', tlp: 'red' }))
})
