import { expect, test } from 'vitest'
import { chaos } from '../../../bench/chaos.ts'

const seconds = Number(process.env.CHAOS_SECONDS ?? 20)

test(
  'what any real sender had acknowledged is there once, whatever broke meanwhile, and what it gave up is stated',
  { timeout: 900_000 },
  async () => {
    const report = await chaos({ seconds, scale: 0.2 })
    expect(report.faults).toEqual([])
    expect(Object.keys(report.weather)).toHaveLength(4)
    expect(report.rows.acknowledged).toBeGreaterThan(500)
    expect(report.answers).toMatchObject({ 'feed 200': expect.any(Number), 'elastic 200': expect.any(Number) })
    if (process.env.CHAOS_SECONDS) console.log(JSON.stringify(report))
  },
)
