// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

const needs = async () =>
  within(await screen.findByRole('list', { name: 'Needs you now' }))
    .getAllByRole('listitem')
    .map((item) => item.textContent)

async function late(tenantId: number, hostname: string) {
  await bed.root.query(
    `insert into hosts (tenant_id, hostname, os, last_seen) values ($1, $2, 'linux', now() - interval '30 hours')`,
    [tenantId, hostname],
  )
}

test('puts all that waits for a person into one list, the worst first, each line with its action', async () => {
  const tenantId = await bed.tenant()
  await late(tenantId, 'quiet-1')
  await late(tenantId, 'quiet-2')
  const { id: host } = await bed.one<{ id: number }>(
    `insert into hosts (tenant_id, hostname) values ($1, 'half') returning id`,
    [tenantId],
  )
  await bed.root.query(
    `insert into collections (tenant_id, host_id, flow_id, rows_expected) values ($1, $2, 'F.HALF', 40)`,
    [tenantId, host],
  )
  await bed.open('/', { tenantId })
  const lines = await needs()
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain('F.HALF incomplete: 0 of 40 rows received')
  expect(lines.join()).toContain('2 hosts quiet for more than a day')
  expect(lines.join()).toContain('1 host did not answer a collection')
  expect(screen.getByRole('link', { name: /^Show collection: F.HALF/ }).getAttribute('href')).toMatch(
    /^\/collections\/\d+/,
  )
  expect(screen.getByRole('link', { name: /^Show hosts/ }).getAttribute('href')).toContain('direction=asc')
  await screen.findByText('1 of 3')
})

test('a notification that leads somewhere stands in the list until it is followed', async () => {
  const tenantId = await bed.tenant()
  await bed.open('/', { tenantId })
  await screen.findByRole('heading', { name: 'Nothing needs you' })
  await bed.root.query(
    `insert into notifications (tenant_id, user_id, kind, words, link) select tenant_id, id, 'export', 'Your export is ready', '/exports' from users where tenant_id = $1`,
    [tenantId],
  )
  const user = await bed.open('/', { tenantId, again: true })
  expect(await needs()).toEqual([expect.stringContaining('Your export is ready')])
  await user.click(screen.getByRole('link', { name: /^Show export/ }))
  await expect.poll(() => bed.address()).toBe('/exports')
  const read = () =>
    bed.one<{ n: number }>('select count(read_at)::int as n from notifications where tenant_id = $1', [tenantId])
  await expect.poll(async () => (await read()).n).toBe(1)
})

test('names each tenant in the lines of a look over all', async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  await late(other, 'theirs-quiet')
  await bed.open('/?tenant=all', { tenantId: own, role: 'super_admin' })
  const { name } = await bed.one<{ name: string }>('select name from tenants where id = $1', [other])
  await expect.poll(async () => (await needs()).join()).toContain(`${name} · theirs-quiet`)
  const [link] = screen
    .getAllByRole('link', { name: /^Show hosts/ })
    .filter((one) => one.getAttribute('href')!.includes(`tenant=${other}`))
  expect(link).toBeTruthy()
})

test('shows what few hosts have and no row of before had, and not what is old', async () => {
  const tenantId = await bed.tenant()
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
  const rows = [
    { Name: 'fresh.exe', Timestamp: at(1) },
    { Name: 'known.exe', Timestamp: at(1) },
    { Name: 'known.exe', Timestamp: at(30) },
  ]
  await sendFlow(bed, tenantId, { expected: 3, rows: rows.map((row) => JSON.stringify(row)) })
  await bed.open('/', { tenantId })
  const table = await screen.findByRole('table', { name: 'Rare and new' })
  await within(table).findByText('fresh.exe')
  expect(within(table).queryByText('known.exe')).toBeNull()
  expect(within(table).getByRole('link').getAttribute('href')).toContain('fresh.exe')
})
