import { afterEach, expect, test } from 'vitest'
import { preparePool, type PreparePool } from './pool.ts'
import { prepareBlocks } from './prepare.ts'

const termKey = Buffer.from('a key of this test')
const receivedAt = 1_700_000_000e6
let pool: PreparePool
afterEach(() => pool.close())

const rows = (size: number) =>
  Buffer.from([...Array(size).keys()].map((i) => `{"i":${i},"t":"2024-03-01T00:00:00Z"}\n`).join(''))

test('a worker makes the same blocks as this thread, and gives the bytes back', async () => {
  pool = preparePool({ termKey })
  const bytes = rows(2500)
  const expected = prepareBlocks(bytes, { termKey, receivedAt })
  const { bytes: same, ...prepared } = await pool.prepare(bytes, receivedAt)
  expect(prepared).toEqual(expected)
  expect(Buffer.from(same)).toEqual(rows(2500))
})

test('jobs at once go to all workers and come back to their callers', async () => {
  pool = preparePool({ termKey, size: 2 })
  const answers = await Promise.all([10, 20, 30, 40].map((size) => pool.prepare(rows(size), receivedAt)))
  expect(answers.map(({ lines }) => lines)).toEqual([10, 20, 30, 40])
})

test('a worker that dies fails its job alone and is replaced', async () => {
  pool = preparePool({ termKey, memoryMb: 24 })
  const huge = Buffer.from(`[${'1.5,'.repeat(4_000_000)}1]`)
  await expect(pool.prepare(huge, receivedAt)).rejects.toThrow(/died/)
  expect((await pool.prepare(rows(3), receivedAt)).lines).toBe(3)
})

test('close waits for running jobs and refuses new ones', async () => {
  pool = preparePool({ termKey })
  const running = pool.prepare(rows(1000), receivedAt)
  await pool.close()
  expect((await running).lines).toBe(1000)
  await expect(pool.prepare(rows(1), receivedAt)).rejects.toThrow(/closed/)
})
