import { afterEach, expect, test } from 'vitest'
import { preparePool, type PreparePool } from './pool.ts'
import { prepareBlocks } from './prepare.ts'

const termKey = Buffer.from('a key of this test')
const receivedAt = 1_700_000_000e6
let pool: PreparePool
afterEach(() => pool.close())

const rows = (size: number) =>
  Buffer.from([...Array(size).keys()].map((i) => `{"i":${i},"t":"2024-03-01T00:00:00Z"}\n`).join(''))

test('a worker makes the same blocks as this thread', async () => {
  pool = preparePool({ termKey })
  const bytes = rows(2500)
  const expected = prepareBlocks(bytes, { termKey, receivedAt })
  expect(await pool.prepare(bytes, receivedAt)).toEqual(expected)
  expect(bytes).toEqual(rows(2500))
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

test('what is borrowed stays as it is until it is released, however many jobs come meanwhile', async () => {
  pool = preparePool({ termKey })
  const sizes = [...Array(12).keys()].map((i) => 100 + i)
  const borrowed = await Promise.all(sizes.map((size) => pool.borrow(rows(size), receivedAt)))
  for (const [i, { release, ...prepared }] of borrowed.entries()) {
    expect(prepared).toEqual(prepareBlocks(rows(sizes[i]!), { termKey, receivedAt }))
    release()
  }
})

test('lines that are too many for the shared memory come back as exactly', async () => {
  pool = preparePool({ termKey })
  const bytes = Buffer.concat([rows(3), Buffer.from(`{"long":"${'x y z '.repeat(300_000)}"}\n`)])
  expect(await pool.prepare(bytes, receivedAt)).toEqual(prepareBlocks(bytes, { termKey, receivedAt }))
})
