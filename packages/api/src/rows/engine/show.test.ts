import { expect, test } from 'vitest'
import { writeFrames } from '../../evidence/frames.ts'
import { openFrames, showPage } from './show.ts'

test('frames stay open for the next page, and only so many of them', () => {
  const line = Buffer.from(`{"Text":"${'x'.repeat(900_000)}"}`)
  const { raw } = writeFrames(line, [{ start: 0, end: line.length }])
  const opened = openFrames()
  for (let i = 0; i < 60; i++) {
    const frames = [{ key: `${i}.0`, start: 0, end: raw.length }]
    const rows = [{ frame: 0, line: 0, folded: false, damaged: false }]
    const page = showPage({ bytes: raw, frames, rows, room: 1_000_000, begun: false }, opened)
    expect(page).toMatchObject({ rows: 1, size: line.length })
  }
  expect(opened.bytes).toBeLessThanOrEqual(16_000_000)
  expect(opened.frames.has('59.0')).toBe(true)
  const sum = [...opened.frames.values()].flat().reduce((all, { length }) => all + length + 100, 0)
  expect(opened.bytes).toBe(sum)
})
