// @vitest-environment jsdom
import { MantineProvider } from '@mantine/core'
import { cleanup, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { useState } from 'react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'
import { RowGrid } from './RowGrid.tsx'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

test('only lines that look another way are drawn again', async () => {
  cleanup()
  const drawn: string[] = []
  const cell = (row: string) => {
    drawn.push(row)
    return row
  }
  const columns = [{ id: 'a', name: 'A', width: 100, cell }]
  function Page() {
    const [rows, setRows] = useState(['first', 'second', 'third'])
    const [selected, select] = useState<ReadonlySet<string>>(new Set())
    return (
      <MantineProvider>
        <button type="button" onClick={() => setRows([...rows, 'fourth'])}>
          More
        </button>
        <RowGrid
          label="Rows"
          rows={rows}
          columns={columns}
          rowKey={(row) => row}
          open={undefined}
          onOpen={() => {}}
          onEnd={() => {}}
          onResize={() => {}}
          onMenu={() => {}}
          onLetter={() => {}}
          selected={selected}
          onSelect={select}
          edge={() => undefined}
        />
      </MantineProvider>
    )
  }
  render(<Page />)
  const user = userEvent.setup()
  const drawnBy = async (act: () => Promise<void>) => {
    drawn.length = 0
    await act()
    return [...drawn]
  }
  expect(await drawnBy(() => user.click(screen.getByRole('checkbox', { name: 'Select row 2' })))).toEqual(['second'])
  expect(screen.getAllByRole<HTMLInputElement>('checkbox').map(({ checked }) => checked)).toEqual([
    false,
    false,
    true,
    false,
  ])
  expect(await drawnBy(() => user.click(screen.getByRole('button', { name: 'More' })))).toEqual(['fourth'])
})
