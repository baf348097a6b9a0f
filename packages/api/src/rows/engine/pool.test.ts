import { afterEach, expect, test } from 'vitest'
import { prepareBlocks } from '../../evidence/prepare.ts'
import { parseQuery } from '../language/parse.ts'
import { searchPool, type SearchPool, type SearchPoolOptions } from './pool.ts'
import type { BlockTask, Question } from './task.ts'

let pool: SearchPool
afterEach(() => pool.close())

const open = (options: SearchPoolOptions = {}) => (pool = searchPool(options))

function question(query: string): Question {
  const { filter, leaves } = parseQuery(query, new Date())
  const bounds = { from: -9e18, to: 9e18 }
  return { filter, leaves, named: [], fields: [], bounds, superseded: false, collect: undefined }
}

const text = (lines: string[]) => {
  const [block] = prepareBlocks(Buffer.from(lines.join('\n')), { termKey: new Uint8Array(16), receivedAt: 0 }).blocks
  return new Uint8Array(block!.text)
}

/** Asks some blocks what a search of its own finds. What is sent moves to the thread: a copy of it. */
async function ask(turn: number, work: { question: Question; blocks: BlockTask[] }, signal?: AbortSignal) {
  const blocks = work.blocks.map(({ text: chunk, ...rest }) => ({
    ...rest,
    text: { ...chunk!, ...(chunk!.bytes && { bytes: new Uint8Array(chunk!.bytes) }) },
  }))
  const search = pool.open(turn, work.question, signal)
  try {
    return await search.ask(blocks)
  } finally {
    search.drop()
  }
}

const task = (blockId: number, bytes?: Uint8Array): BlockTask => ({
  tenantId: 1,
  blockId,
  sourceId: 1,
  n: 2,
  superseded: 0,
  columns: [],
  reaching: false,
  cut: false,
  text: bytes ? { key: `${blockId}.text`, bytes } : { key: `${blockId}.text` },
})

test('keeps opened chunks below its limit, and says when one is gone', async () => {
  open({ cacheBytes: 3500 })
  const bytes = text(['{"a":"alpha"}', '{"a":"beta"}'])
  const count = async (blocks: BlockTask[]) => (await ask(1, { question: question('alpha'), blocks }))?.count
  expect(await count([task(1, bytes)])).toBe(1)
  expect(pool.missing(1, ['1.text', '1.7'])).toEqual(['1.7'])
  expect(await count([task(1)])).toBe(1)
  for (const id of [2, 3, 4]) expect(await count([task(id, bytes)])).toBe(1)
  expect(pool.missing(1, ['1.text'])).toEqual(['1.text'])
  expect(await count([task(1)])).toBeUndefined()
  expect(await count([task(4)])).toBe(1)
})

test('lets tenants take turns, however many one asks', async () => {
  open()
  const bytes = text(['{"a":"alpha"}', '{"a":"beta"}'])
  const order: string[] = []
  const named = async (turn: number, name: string) => {
    await ask(turn, { question: question('*pha'), blocks: [task(1, bytes)] })
    order.push(name)
  }
  await Promise.all([...Array.from({ length: 6 }, (_, i) => named(1, `one ${i}`)), named(2, 'two')])
  expect(order.indexOf('two')).toBeLessThan(3)
})

test('drops what waits when the asker goes away', async () => {
  open()
  const bytes = text(['{"a":"alpha"}', '{"a":"beta"}'])
  const stop = new AbortController()
  const work = { question: question('a'), blocks: [task(1, bytes)] }
  const before = ask(1, work)
  const waiting = ask(1, work, stop.signal)
  stop.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
  expect(await before).toBeDefined()
  await expect(ask(1, work, stop.signal)).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
})

test('runs so many searches of a tenant at a time, and refuses what can not wait', async () => {
  open({ running: 1, waiting: 1 })
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  const [first, second] = gates.map(({ promise }) => pool.admit(1, undefined, () => promise))
  await expect(pool.admit(1, undefined, () => Promise.resolve('x'))).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    reason: 'too_expensive',
  })
  expect(await pool.admit(2, undefined, () => Promise.resolve('of another tenant'))).toBe('of another tenant')
  gates[0]!.resolve('first')
  gates[1]!.resolve('second')
  expect(await Promise.all([first, second])).toEqual(['first', 'second'])
  expect(await pool.admit(1, undefined, () => Promise.resolve('again'))).toBe('again')
})

test('a wave without end takes its worker with it, and the next one finds another', async () => {
  open({ patience: 25 })
  const hostile = text([JSON.stringify({ a: 'a'.repeat(12_000_000) }), '{"a":"x"}'])
  const work = { question: question(`/${'(a|aa)*'.repeat(120)}b/`), blocks: [task(1, hostile)] }
  await expect(ask(1, work)).rejects.toMatchObject({ code: 'TIMEOUT', reason: 'too_expensive' })
  const bytes = text(['{"a":"alpha"}', '{"a":"beta"}'])
  const again = () => ask(1, { question: question('alpha'), blocks: [task(1, bytes)] })
  // On a busy machine the small wave may run out of its time too.
  await expect
    .poll(() =>
      again().then(
        (found) => found?.count,
        () => 0,
      ),
    )
    .toBe(1)
})
