// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
let tenantId = 0

beforeAll(async () => {
  bed = await pageBed()
})
beforeEach(async () => {
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

const add = (name: string, state: string, more: { error?: string; result?: object } = {}) =>
  bed.root.query(
    'insert into imports (tenant_id, name, sha256, bytes, state, error, result) values ($1, $2, $3, 1200, $4, $5, $6)',
    [tenantId, name, Buffer.from(name), state, more.error ?? null, JSON.stringify(more.result ?? {})],
  )
const sources = [{ hostId: 1, collectionId: 1, source: 'A/B', rows: 7, stored: 6, known: 0, rejected: 1 }]
const counts = { rows: 0, stored: 0, known: 0, rejected: 0, files: 0, members: 0, membersDone: 0 }
const rowOf = async (name: string) => within((await screen.findByText(name)).closest('tr')!)

test('each import says how far it is, what went in, and why it ended', async () => {
  await add('done.zip', 'done', { result: { ...counts, rows: 1210, stored: 1200, known: 4, rejected: 6, files: 1 } })
  await add('failed.zip', 'failed', { error: 'The password does not open the zip' })
  await add('running.zip', 'running', { result: { ...counts, members: 40, membersDone: 7 } })
  await bed.open('/ingestion', { tenantId, role: 'viewer' })
  ;(await rowOf('done.zip')).getByText('1,200 rows, 4 known before, 6 set aside, 1 file')
  ;(await rowOf('failed.zip')).getByText('The password does not open the zip')
  ;(await rowOf('running.zip')).getByText('reads, 7 of 40 members')
  // Who may not send is not asked to.
  expect(screen.queryByRole('button', { name: /Import|Cancel/ })).toBeNull()
})

test('an import that waits can be cancelled', async () => {
  await add('waits.zip', 'queued')
  const user = await bed.open('/ingestion', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Cancel import of waits.zip' }))
  await waitFor(async () => (await rowOf('waits.zip')).getByText('stopping'))
  const kept = await bed.one<{ by: string }>('select cancelled_by as by from imports where tenant_id = $1', [tenantId])
  expect(kept.by).toMatch(/^user-/)
})

test('an import is shown source by source, and one that lacked its password is tried again', async () => {
  await add('locked.zip', 'failed', {
    error: 'The password does not open the zip',
    result: {
      ...counts,
      rows: 7,
      stored: 6,
      rejected: 1,
      hosts: [{ id: 1, hostname: 'WS-01' }],
      sources,
      notes: ['Opened with the key old'],
    },
  })
  await bed.root.query(
    `with f as (insert into files (tenant_id, sha256, bytes) values ($1, 'x', 1) returning id)
     update imports set file_id = f.id from f where tenant_id = $1`,
    [tenantId],
  )
  const user = await bed.open('/ingestion', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Try again: import of locked.zip' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Import' }))
  await dialog.findByText('Opened with the key old')
  const table = within(dialog.getByRole('table', { name: 'Sources of the import' }))
  expect(table.getAllByRole('cell').map((cell) => cell.textContent)).toEqual(['WS-01', 'A/B', '7', '6', '0', '1'])
  await user.type(dialog.getByLabelText('Password (optional)'), 'S3cret Pass')
  await user.click(dialog.getByRole('button', { name: 'Try again' }))
  await waitFor(async () => (await rowOf('locked.zip')).getByText('waits its turn'))
  const kept = await bed.one<{ sealed: string }>(
    `select encode(secrets, 'escape') as sealed from imports where tenant_id = $1`,
    [tenantId],
  )
  expect(kept.sealed).not.toContain('S3cret')
})

test('an admin makes a key, sees its certificate and removes it; others only see it', async () => {
  const user = await bed.open('/ingestion', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('button', { name: 'Keys' }))
  await user.click(await screen.findByRole('button', { name: 'Make a key…' }))
  await user.type(screen.getByLabelText(/^Name of the key/), 'Forensics 2026')
  await user.click(screen.getByRole('button', { name: 'Make the key' }))
  const key = within(await screen.findByRole('region', { name: 'Key Forensics 2026' }))
  expect(key.getByRole('group', { name: 'certificate of Forensics 2026' }).textContent).toMatch(
    /^-----BEGIN CERTIFICATE/,
  )
  await user.click(key.getByRole('button', { name: 'Remove key Forensics 2026' }))
  await user.click(await screen.findByRole('button', { name: 'Remove the key' }))
  await key.findByText(/^removed by admin-/)
  await bed.open('/ingestion', { tenantId, role: 'viewer' })
  await user.click(await screen.findByRole('button', { name: 'Keys' }))
  await screen.findByRole('region', { name: 'Key Forensics 2026' })
  expect(screen.queryByRole('button', { name: /key…|Remove/ })).toBeNull()
})

test('the columns of a CSV are asked for, and shown on its first rows', async () => {
  const user = await bed.open('/ingestion', { tenantId })
  await user.click((await screen.findAllByRole('button', { name: /^Import/ }))[0]!)
  const dialog = within(await screen.findByRole('dialog', { name: 'Import a file' }))
  const file = new File(['Computer;Seen\nWS-01;03/04/2026\n'], 'scan.csv', { type: 'text/csv' })
  await user.upload(document.querySelector('input[type=file]')!, file)
  const table = within(await dialog.findByRole('table', { name: 'First rows' }))
  const cells = () => table.getAllByRole('cell').map((cell) => cell.textContent)
  expect(cells().slice(0, 3)).toEqual(['WS-01', 'of the import', 'scan'])
  await user.click(dialog.getByRole('combobox', { name: 'Column of the time' }))
  await user.click(await screen.findByRole('option', { name: 'Seen' }))
  await dialog.findByText('1 of these rows has no time that can be read.')
  await user.click(dialog.getByRole('combobox', { name: 'Times are written as' }))
  await user.click(await screen.findByRole('option', { name: /day first/ }))
  await waitFor(() => expect(cells()[1]).toBe('2026-04-03 00:00:00.000 UTC'))
  expect(dialog.queryByLabelText('Password (optional)')).toBeNull()
})
