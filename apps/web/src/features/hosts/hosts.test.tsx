// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

const host = (tenantId: number, hostname: string, os = 'linux') =>
  bed.one('insert into hosts (tenant_id, hostname, os) values ($1, $2, $3) returning id', [tenantId, hostname, os])

const names = () =>
  within(screen.getByRole('table', { name: 'Hosts' }))
    .getAllByRole('row')
    .slice(1)
    .map((row) => within(row).getAllByRole('cell')[0]!.textContent)

test('lists the hosts of the own tenant, and keeps sort and filter in the address', async () => {
  const tenantId = await bed.tenant()
  for (const name of ['alpha', 'beta']) await host(tenantId, name)
  await host(await bed.tenant(), 'somebody-elses')
  const user = await bed.open('/hosts?sort=hostname&direction=desc', { tenantId })
  await screen.findByRole('link', { name: 'alpha' })
  expect(names()).toEqual(['beta', 'alpha'])

  await user.click(screen.getByRole('button', { name: /^Host/ }))
  await expect.poll(names).toEqual(['alpha', 'beta'])
  expect(bed.address()).toContain('direction=asc')
  await user.type(screen.getByRole('textbox', { name: /^Name/ }), 'bet')
  await expect.poll(names).toEqual(['beta'])
  expect(bed.address()).toContain('query=bet')
  await screen.findByText('1 host matches')
})

test('an address that leads nowhere leaves the ways to everywhere else', async () => {
  await bed.open('/nowhere/at/all', { tenantId: await bed.tenant() })
  const heading = await screen.findByRole('heading', { name: 'No such page' })
  expect(screen.getByRole('main').contains(heading)).toBe(true)
  expect(screen.getByRole('link', { name: 'Hosts' })).toBeTruthy()
})

test('says of a home without hosts that there is none, not that every one was seen', async () => {
  await bed.open('/', { tenantId: await bed.tenant(), role: 'user' })
  await screen.findByRole('heading', { name: 'No host yet' })
  expect((await screen.findByRole('link', { name: 'Open a case…' })).getAttribute('href')).toBe('/cases?create=true')
})

test('says where hosts come from while there is none', async () => {
  await bed.open('/hosts', { tenantId: await bed.tenant(), role: 'admin' })
  await screen.findByRole('heading', { name: 'No host yet' })
  expect(screen.getByRole('link', { name: /token/i })).toBeTruthy()
})

test('says what failed and loads again on demand', async () => {
  const tenantId = await bed.tenant()
  await host(tenantId, 'alpha')
  await bed.root.query('alter table hosts rename to hosts_away')
  const user = await bed.open('/hosts', { tenantId })
  const alert = await screen.findByRole('alert', {}, { timeout: 15_000 })
  expect(alert.textContent).toContain('The server failed at this')
  await bed.root.query('alter table hosts_away rename to hosts')
  await user.click(within(alert).getByRole('button', { name: 'Try again' }))
  await screen.findByRole('link', { name: 'alpha' })
})

test('shows as many pages again as were open', async () => {
  const tenantId = await bed.tenant()
  await bed.root.query(
    "insert into hosts (tenant_id, hostname, os) select $1, 'h' || lpad(i::text, 3, '0'), 'linux' from generate_series(1, 150) i",
    [tenantId],
  )
  const user = await bed.open('/hosts?sort=hostname&direction=asc', { tenantId })
  await screen.findByText('100 of 150 shown')
  await user.click(screen.getByRole('button', { name: 'Show more' }))
  await screen.findByText('all 150 shown')
  const address = bed.address()!
  expect(address).toContain('pages=2')
  await bed.open(address, { tenantId })
  await screen.findByRole('link', { name: 'h150' })
})
