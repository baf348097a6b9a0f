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
