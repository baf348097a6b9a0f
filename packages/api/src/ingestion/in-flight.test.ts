import { expect, test } from 'vitest'
import { storePieces } from './in-flight.ts'
import type { Group } from './lines.ts'
import type { Stored } from './store.ts'

const piece = (lines: number): Group => ({ bytes: Buffer.from('1\n'.repeat(lines)), lines, firstLine: 1 }) as Group
const nothing = (): Stored => ({ stored: 0, known: 0, rejected: 0 })

/** Pieces that say when they are asked for, and a store whose pieces end when the test says so. */
function desk(count: number) {
  const asked: number[] = []
  const waiting: { resolve(stored: Stored): void; reject(error: Error): void }[] = []
  async function* pieces() {
    for (let n = 1; n <= count; n++) {
      asked.push(n)
      yield piece(n)
    }
  }
  const total = nothing()
  const store = () => new Promise<Stored>((resolve, reject) => void waiting.push({ resolve, reject }))
  return { asked, waiting, total, ended: storePieces(pieces(), total, store) }
}
const settled = () => new Promise(setImmediate)

test('reads no further while two pieces of a delivery are being stored', async () => {
  const { asked, waiting, total, ended } = desk(4)
  await settled()
  expect([asked, waiting.length]).toEqual([[1, 2], 2])
  waiting[1]!.resolve({ stored: 5, known: 1, rejected: 0 })
  await settled()
  expect([asked, waiting.length]).toEqual([[1, 2, 3], 3])
  waiting[0]!.resolve({ stored: 2, known: 0, rejected: 1 })
  await settled()
  waiting[2]!.resolve(nothing())
  waiting[3]!.resolve(nothing())
  await ended
  expect(total).toEqual({ stored: 7, known: 1, rejected: 1 })
})

test('a failure ends the reading, and is told when the other piece has ended', async () => {
  const { asked, waiting, total, ended } = desk(4)
  let told: unknown
  const heard = ended.catch((error: unknown) => (told = error))
  await settled()
  waiting[0]!.reject(new Error('the disk is full'))
  await settled()
  expect([asked.length, told]).toEqual([3, undefined])
  waiting[1]!.resolve({ stored: 1, known: 0, rejected: 0 })
  await heard
  expect([told, total.stored, waiting.length]).toEqual([new Error('the disk is full'), 1, 2])
})
