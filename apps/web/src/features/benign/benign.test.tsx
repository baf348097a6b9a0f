// @vitest-environment jsdom
import { ruleRows, openMarker } from '@velocicompanion/api'
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
let stop: () => Promise<void>
beforeAll(async () => {
  bed = await pageBed()
  stop = work()
})
afterAll(async () => {
  await stop()
  await bed.close()
})

/** What is done in the background waits for its turn. */
const slow = { timeout: 60_000 }

/** What the server does beside answering. */
function work() {
  const marker = openMarker(bed.database, bed.services, { everyMs: 200 })
  const stopping = new AbortController()
  const run = ruleRows(bed.database, bed.services)
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await run(stopping.signal)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })()
  return async () => {
    stopping.abort()
    await loop
    await marker.close()
  }
}

async function filled(n = 3) {
  const tenantId = await bed.tenant()
  const rows = Array.from({ length: n }, (_, i) => `{"Name":"${i % 2 ? 'agent.exe' : `p${i}.exe`}"}`)
  await sendFlow(bed, tenantId, { expected: n, rows })
  return tenantId
}

const status = () => screen.getByRole('status', { name: 'Status' }).textContent

test('a row that is marked benign goes from the hunt, which says how many it hides, and comes back by an undo', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:*&hide=benign', { tenantId })
  await screen.findByText('3 rows match')
  expect(status()).toContain('0 benign rows hidden')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('2')
  await screen.findByText('2 rows match')
  expect(status()).toContain('1 benign row hidden')
  await user.keyboard('{Control>}z{/Control}')
  await screen.findByText('3 rows match')
  expect(status()).toContain('0 benign rows hidden')
  await user.click(screen.getByRole('button', { name: 'Hide benign' }))
  await expect.poll(status).not.toContain('hidden')
  expect(bed.address()).not.toContain('hide')
})

test('B begins a rule from a value: it is tried, saved, hides what matches, and is undone', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:agent.exe', { tenantId })
  const [value] = await screen.findAllByRole('button', { name: 'agent.exe' })
  await user.click(value!)
  await screen.findByRole('menu', { name: 'Value of Name' })
  await user.keyboard('b')
  const dialog = await screen.findByRole('dialog', { name: 'Benign by rule' })
  const query = within(dialog).getByRole<HTMLTextAreaElement>('textbox', { name: /^Rows that match/ })
  expect(query.value).toBe('Name:"agent.exe"')
  await user.click(within(dialog).getByRole('button', { name: 'Try on stored rows' }))
  await within(dialog).findByText('1 stored row matches')
  await user.type(within(dialog).getByRole('textbox', { name: /^Why/ }), 'Our own agent')
  await user.click(within(dialog).getByRole('button', { name: 'Save the rule' }))
  await screen.findByText('The rule is in force: 1 row marked benign.', {}, slow)
  await user.keyboard('{Shift>}b{/Shift}')
  await expect.poll(status).toContain('1 benign row hidden')
  await screen.findByText('No row matches')
  await user.keyboard('{Control>}z{/Control}')
  await screen.findByText('The rule has ended, and its marks are gone.', {}, slow)
  await screen.findByText('1 row matches')
  expect(status()).toContain('0 benign rows hidden')
})

test('the page of rules tells what each hides and until when, changes and ends them', async () => {
  const tenantId = await filled()
  const api = await bed.callerOf(tenantId, 'user')
  await api.benign.create({ query: 'Name:agent.exe', reason: 'Our agent', expiresAt: '2099-01-02T00:00:00Z' })
  const user = await bed.open('/benign', { tenantId })
  const table = await screen.findByRole('table', { name: 'Rules' })
  await within(table).findByText('until', { exact: false })
  await expect
    .poll(() => within(table).queryByRole('link', { name: '1' })?.getAttribute('href'))
    .toMatch(/benign(%3A|:)\d+/)
  await user.click(within(table).getByRole('button', { name: 'Change…' }))
  const dialog = await screen.findByRole('dialog', { name: 'Change the rule' })
  const query = within(dialog).getByRole('textbox', { name: /^Rows that match/ })
  await user.clear(query)
  await user.type(query, 'Name:p*')
  await user.click(within(dialog).getByRole('button', { name: 'Save the rule' }))
  await screen.findByText('The rule is in force: 2 rows marked benign.', {}, slow)
  await user.click(within(table).getByRole('button', { name: 'End' }))
  await screen.findByText('The rule has ended, and its marks are gone.', {}, slow)
  await screen.findByText('No rule yet')
})

test('who may not make rules is offered none, and sees them', async () => {
  const tenantId = await filled()
  const api = await bed.callerOf(tenantId, 'user')
  await api.benign.create({ query: 'Name:agent.exe', reason: 'Our agent' })
  await bed.open('/benign', { tenantId, role: 'viewer' })
  await screen.findByText('Our agent')
  expect(screen.queryByRole('button', { name: /rule…|End|Change/ })).toBeNull()
})

test('all rows of a query are selected, marked and tagged as one, and undone as one', async () => {
  const tenantId = await filled(250)
  const user = await bed.open('/hunt?query=Name:*', { tenantId })
  await screen.findByText('250 rows match')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('x')
  const bar = await screen.findByRole('toolbar', { name: 'Selected rows' })
  await user.click(within(bar).getByRole('button', { name: 'Select all 250' }))
  await within(bar).findByText('all 250 selected')
  await user.click(within(bar).getByRole('button', { name: /^Suspicious/ }))
  await screen.findByText('250 rows marked suspicious', {}, slow)
  const marked = () =>
    bed.one<{ n: number }>('select count(*)::int as n from row_marks where tenant_id = $1 and mark is not null', [
      tenantId,
    ])
  expect(await marked()).toEqual({ n: 250 })
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  await expect.poll(marked).toEqual({ n: 0 })
  await user.click(within(bar).getByRole('button', { name: 'Tag…' }))
  await user.type(await screen.findByRole('textbox', { name: 'Tag' }), 'noisy{Enter}')
  await screen.findByText('250 rows tagged noisy', {}, slow)
})

test('a tag and a comment for the rows that are selected', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:p*', { tenantId })
  await screen.findByText('2 rows match')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('xjx')
  const bar = await screen.findByRole('toolbar', { name: 'Selected rows' })
  await user.click(within(bar).getByRole('button', { name: 'Tag…' }))
  await user.type(await screen.findByRole('textbox', { name: 'Tag' }), 'noisy{Enter}')
  await screen.findByText('2 rows tagged noisy')
  await expect.poll(() => screen.queryAllByText('noisy')).toHaveLength(2)
  await user.click(within(bar).getByRole('button', { name: 'Comment…' }))
  const dialog = await screen.findByRole('dialog', { name: 'Comment on 2 rows' })
  await user.type(within(dialog).getByRole('textbox', { name: 'Comment' }), 'known noise')
  await user.click(within(dialog).getByRole('button', { name: 'Comment' }))
  await screen.findByText('Commented on 2 rows')
  const comments = () =>
    bed.one<{ n: number }>('select count(*)::int as n from row_comments where tenant_id = $1 and deleted_at is null', [
      tenantId,
    ])
  expect(await comments()).toEqual({ n: 2 })
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  await expect.poll(comments).toEqual({ n: 0 })
})
