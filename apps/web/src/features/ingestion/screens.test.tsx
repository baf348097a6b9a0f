// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
let tenantId = 0

beforeAll(async () => {
  bed = await pageBed()
})
beforeEach(async () => {
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

/** A flow of five rows of which three came, one of them no row. */
const flow = () => sendFlow(bed, tenantId, { expected: 5, rows: ['{"n":0}', '\u202e{"n":1}', '{"n":2}'] })

const sender = async (more: string) => {
  const token = await bed.one<{ id: number }>('select max(id) as id from api_tokens where tenant_id = $1', [tenantId])
  await bed.root.query(
    `insert into senders (tenant_id, token_id, kind, first_at, last_at, taken_at, minutes, usual_pause, rows, lag_ms, lag_at)
     values ($1, $2, 'feed', now() - interval '9 days', now() - interval '3 hours', now() - interval '3 hours', 400, 600, 12, 4000, now())`,
    [tenantId, token.id],
  )
  await bed.root.query(`update senders set ${more} where tenant_id = $1`, [tenantId])
}

const panel = async (name: string) => within(await screen.findByRole('region', { name }))

test('a collection leads from what was set aside to its bytes', async () => {
  await flow()
  const { id } = await bed.one<{ id: number }>('select id from collections where tenant_id = $1', [tenantId])
  const user = await bed.open(`/collections/${id}`, { tenantId, role: 'user' })
  await user.click(within(await screen.findByRole('table', { name: 'Set aside' })).getByRole('link'))
  await screen.findByRole('heading', { name: 'Ingestion' })
  await (await panel('Set aside')).findByText(/^1 of delivery \d+$/)
})

test('a sender that stopped is said here and at home, and an admin says when that is', async () => {
  await flow()
  await sender('minutes = 400')
  await bed.open('/', { tenantId, role: 'viewer' })
  await (await panel('Needs you now')).findByText('t: Silent for longer than 20 min')
  const user = await bed.open('/ingestion', { tenantId, role: 'admin' })
  const senders = await panel('Senders')
  await senders.findByText('Silent for longer than 20 min')
  senders.getByText(/0 rows\/min now, 0 over the hour · 0 rows today · 4 s behind/)
  await user.click(senders.getByRole('button', { name: 'When silent… t, Feed or Backfill' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'When t is silent' }))
  await user.click(dialog.getByRole('combobox', { name: 'Say that it has stopped' }))
  await user.click(await screen.findByRole('option', { name: 'After a week' }))
  await user.click(dialog.getByRole('button', { name: 'Save' }))
  await waitFor(() => expect(screen.queryByText(/^Silent for longer/)).toBeNull())
  expect(screen.queryByRole('region', { name: 'Senders that need you' })).toBeNull()
})

test('a sender that is refused says with which sentence', async () => {
  await flow()
  await sender(
    `refused = 7, refused_at = now(), refused_status = 403, refused_reason = 'The token belongs to another org'`,
  )
  await bed.open('/ingestion', { tenantId, role: 'viewer' })
  await (await panel('Senders')).findByText('Refused (403): The token belongs to another org')
  expect(screen.queryByRole('button', { name: /^When silent/ })).toBeNull()
})

test('a line that was set aside is viewed as text and hex, tried again, and stands where it went', async () => {
  await flow()
  const user = await bed.open('/ingestion', { tenantId })
  const lines = await panel('Set aside')
  await user.click(await lines.findByRole('button', { name: /^View bytes/ }))
  const view = within(await screen.findByRole('dialog', { name: /^Line 3 of delivery/ }))
  const bytes = await view.findByRole('group', { name: 'What arrived' })
  expect(bytes.textContent).toBe('U+202E{"n":1}')
  await user.click(view.getByRole('radio', { name: 'Hex' }))
  expect(bytes.textContent).toMatch(/^00000000 {2}e2 80 ae 7b 22 6e/)
  await user.keyboard('{Escape}')
  await user.click(await lines.findByRole('button', { name: /^Try again line/ }))
  await lines.findByText(/^tried again/)
  // As if a later version could read it.
  await bed.root.query(`update rejected_parts set bytes = '{"n":1}' where tenant_id = $1`, [tenantId])
  await user.click(await lines.findByRole('button', { name: 'Try all 1 again' }))
  await lines.findByText('Nothing was set aside')
  await user.click(lines.getByRole('radio', { name: 'Stored after all' }))
  await lines.findByText(/^stored/)
  expect(bed.address()).toContain('resolved=true')
})

test('deliveries are filtered by what the address says', async () => {
  await flow()
  const user = await bed.open('/ingestion?kind=flow_end', { tenantId })
  const deliveries = await panel('Deliveries')
  await deliveries.findByText('all 1 shown')
  await user.click(deliveries.getByRole('radio', { name: 'Only with problems' }))
  await deliveries.findByText('No delivery matches')
  expect(bed.address()).toContain('problems=true')
  await user.click(deliveries.getByRole('button', { name: 'Clear the filter' }))
  await deliveries.findByText('all 2 shown')
})

test('a hunt says what it lacks, and leads to Velociraptor once its address is known', async () => {
  await flow()
  await bed.root.query(
    `update collections set hunt_id = 'H.DC2', hunt_description = 'Look-alikes', flow_id = 'F.DC2.H' where tenant_id = $1`,
    [tenantId],
  )
  await bed.open('/ingestion', { tenantId })
  const hunts = await panel('Hunts')
  await hunts.findByText('Look-alikes')
  hunts.getByText('3 of 5')
  expect(hunts.getByRole('link', { name: '1 of 1 incomplete' }).getAttribute('href')).toContain('huntId=H.DC2')
  expect(screen.queryByRole('link', { name: /Open in Velociraptor/ })).toBeNull()
  await bed.root.query(`update velociraptor_servers set gui_url = 'https://velo.example.com' where tenant_id = $1`, [
    tenantId,
  ])
  await bed.open('/ingestion', { tenantId })
  const link = await screen.findByRole('link', { name: 'Open in Velociraptor: hunt H.DC2' })
  expect(link.getAttribute('href')).toBe('https://velo.example.com/app/index.html?org_id=root#/hunts/H.DC2')
  expect(link.getAttribute('rel')).toContain('noopener')
  const { id } = await bed.one<{ id: number }>('select id from collections where tenant_id = $1', [tenantId])
  await bed.open(`/collections/${id}`, { tenantId })
  const flowLink = await screen.findByRole('link', { name: 'Open in Velociraptor: this collection' })
  expect(flowLink.getAttribute('href')).toContain('#/collected/C.1/F.DC2.H')
})

test('says which blocks do not hold what was stored', async () => {
  await flow()
  await bed.root.query(
    `insert into damaged_blocks (tenant_id, block_id, source_id, rows, reason)
     select tenant_id, block_id, source_id, n, 'a hash is not that of the lines' from blocks where tenant_id = $1 limit 1`,
    [tenantId],
  )
  await bed.open('/ingestion', { tenantId })
  await (await panel('Damaged blocks')).findByText('a hash is not that of the lines')
  const blocks = await panel('Evidence blocks')
  blocks.getByText('1 block')
  blocks.getByText(/^[12], joined once/)
})

test('says what comes next where nothing has come yet', async () => {
  await bed.open('/ingestion', { tenantId, role: 'admin' })
  await screen.findByText('No sender yet')
  await screen.findByText('No hunt yet')
  await screen.findByText('Nothing arrived yet')
})
