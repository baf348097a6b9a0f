import { expect, test } from 'vitest'
import { crash } from '../../../bench/crash.ts'

const kills = Number(process.env.CRASH_KILLS ?? 5)

test(
  'every acknowledged row is there exactly once after kills of server and PostgreSQL',
  { timeout: 900_000 },
  async () => {
    const report = await crash(kills)
    expect(report.faults).toEqual([])
    expect(report.kills.server + report.kills.postgres).toBe(kills)
    expect(report.kills.postgres).toBeGreaterThan(0)
    expect(report.retried).toBeGreaterThan(0)
    expect(report.rows).toBeGreaterThan(kills * 50)
  },
)
