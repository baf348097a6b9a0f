// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

async function filled() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 3, rows: [1, 2, 3].map((n) => `{"Name":"p${n}.exe"}`) })
  return tenantId
}

const line = (name: RegExp) => within(screen.getByRole('grid', { name: 'Rows' })).findByRole('row', { name })
const markOf = async (name: RegExp) => (await line(name)).querySelector('.markcell')?.textContent ?? ''
const stored = (tenantId: number) =>
  bed.one<{ n: number }>('select count(*)::int as n from row_marks where tenant_id = $1 and mark is not null', [
    tenantId,
  ])

test('a digit marks the row with the focus, others the selection, and Ctrl+Z takes it back', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:p*', { tenantId })
  await screen.findByText('3 rows match')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('4')
  await screen.findByText('1 row marked malicious')
  expect(await stored(tenantId)).toEqual({ n: 1 })
  await screen.findByText('Malicious')
  await user.keyboard('{Control>}z{/Control}')
  await expect.poll(() => screen.queryByText('Malicious')).toBeNull()
  await expect.poll(() => stored(tenantId)).toEqual({ n: 0 })

  await user.keyboard('xjx')
  const bar = await screen.findByRole('toolbar', { name: 'Selected rows' })
  await user.click(within(bar).getByRole('button', { name: /^Benign/ }))
  await screen.findByText('2 rows marked benign')
  await user.click(within(bar).getByRole('button', { name: 'Clear' }))
  await expect.poll(() => screen.queryAllByText('Benign')).toHaveLength(2)
})

test('the drawer says who marked the row, and A leads to its comments', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:p1.exe', { tenantId })
  await screen.findByText('1 row matches')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('a')
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await user.type(await within(drawer).findByRole('textbox', { name: 'Comment' }), 'who runs this?')
  await user.click(within(drawer).getByRole('button', { name: 'Comment' }))
  await within(drawer).findByRole('tab', { name: 'Comments 1' })
  await within(drawer).findByText('who runs this?', { selector: 'p *, p' })
  await user.click(within(drawer).getByRole('button', { name: /^Suspicious/ }))
  await expect
    .poll(() =>
      within(drawer)
        .getByRole('button', { name: /^Suspicious/ })
        .getAttribute('aria-pressed'),
    )
    .toBe('true')
  expect(drawer.querySelector('.rowmark .meta')?.textContent).toMatch(/^user-.*, /)
  expect(await markOf(/p1\.exe/)).toContain('Suspicious')
})

test('a viewer sees marks and has no way to change them', async () => {
  const tenantId = await filled()
  const api = await bed.callerOf(tenantId, 'user')
  const { rows } = await api.rows.search({ query: 'Name:p2.exe' })
  await api.triage.mark({ rows: [rows[0]!.id], mark: 'suspicious' })
  const user = await bed.open('/hunt?query=Name:p*', { tenantId, role: 'viewer' })
  await screen.findByText('Suspicious')
  ;(await screen.findByRole('grid', { name: 'Rows' })).focus()
  await user.keyboard('4x')
  const bar = await screen.findByRole('toolbar', { name: 'Selected rows' })
  expect(within(bar).queryByRole('group', { name: 'Mark' })).toBeNull()
  expect(await stored(tenantId)).toEqual({ n: 1 })
})
