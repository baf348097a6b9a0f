// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'
import { branchesOf, childrenOf } from './tree.ts'
import { argumentsOf } from './words.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

const list = [
  { Pid: 4, Ppid: 0, Name: 'wininit.exe', CreateTime: '2026-11-24T05:00:00Z' },
  { Pid: 8, Ppid: 4, Name: 'services.exe', CreateTime: '2026-11-24T05:00:01Z' },
  { Pid: 9, Ppid: 8, Name: 'svchost.exe', CommandLine: 'C:\\svchost.exe -k net', CreateTime: '2026-11-24T05:00:02Z' },
  { Pid: 20, Ppid: 77, Name: 'explorer.exe', CreateTime: '2026-11-24T05:00:03Z' },
]

async function hostWith(rows: object[]) {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: rows.length, rows: rows.map((row) => JSON.stringify(row)) })
  const { id } = await bed.one<{ id: number }>('select id from hosts where tenant_id = $1', [tenantId])
  const { name } = await bed.one<{ name: string }>(
    `select collection_id || '.' || source_id as name from collection_sources where tenant_id = $1 and rows_stored > 0`,
    [tenantId],
  )
  return { tenantId, id, row: (n: number) => `${name}.${n}` }
}

const names = (tree: HTMLElement) =>
  within(tree)
    .getAllByRole('treeitem')
    .map((item) => `${item.getAttribute('aria-level')} ${item.textContent}`)
const focused = (tree: HTMLElement) => document.getElementById(tree.getAttribute('aria-activedescendant')!)!.textContent

test('shows the row’s process with its ancestors open, and is walked by key', async () => {
  const { tenantId, id, row } = await hostWith(list)
  const user = await bed.open(`/hosts/${id}/processes?row=${row(2)}`, { tenantId })
  const tree = await screen.findByRole('tree', { name: 'Processes' })
  expect(names(tree)).toEqual([
    '1 wininit.exe42026-11-24 05:00:00',
    '2 services.exe82026-11-24 05:00:01',
    '3 svchost.exe-k net92026-11-24 05:00:02',
    '1 explorer.exeparent 77 is not in this list202026-11-24 05:00:03',
  ])
  expect(focused(tree)).toContain('svchost.exe')
  tree.focus()
  await user.keyboard('{ArrowLeft}')
  expect(focused(tree)).toContain('services.exe')
  await user.keyboard('{ArrowLeft}')
  expect(names(tree)).toHaveLength(3)
  expect(screen.getByRole('treeitem', { name: /services/ }).getAttribute('aria-expanded')).toBe('false')
  await user.keyboard('{ArrowRight}{ArrowRight}')
  expect(focused(tree)).toContain('svchost.exe')
  await user.keyboard('{Home}exp')
  expect(focused(tree)).toContain('explorer.exe')
  await user.keyboard('{Enter}')
  await screen.findByRole('complementary', { name: 'Row' })
  expect(bed.address()).toContain(`open=${encodeURIComponent(row(3))}`)
})

test('says what is missing where a host has no list of processes', async () => {
  const { tenantId, id } = await hostWith([{ a: 1 }])
  await bed.open(`/hosts/${id}/processes`, { tenantId })
  await screen.findByRole('heading', { name: 'No process list of this host' })
})

test('a hundred thousand processes in one chain make no stack overflow', () => {
  const nodes = Array.from({ length: 100_000 }, (_, i) => ({ parent: i === 0 ? null : i - 1 }))
  const branches = branchesOf(childrenOf(nodes), new Set(nodes.keys()))
  expect(branches).toHaveLength(100_000)
  expect(branches.at(-1)!.level).toBe(100_000)
})

test('leaves the program out of a command line that stands beside its name', () => {
  expect(argumentsOf({ name: 'a.exe', command: '"C:\\b c\\A.exe" -x "y"' })).toBe('-x "y"')
  expect(argumentsOf({ name: 'a.exe', command: 'a.exe' })).toBe('')
  expect(argumentsOf({ name: 'a.exe', command: 'b.exe -x' })).toBe('b.exe -x')
})
