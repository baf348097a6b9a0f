import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { piecesOf, type Piece } from './pieces.ts'

const chunked = (text: string, size: number) => {
  const bytes = Buffer.from(text)
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
  )
}

async function cut(text: string, base: 0 | 1, size = 64 * 1024) {
  const pieces: Piece[] = []
  for await (const piece of piecesOf(chunked(text, size), 1e9, base)) pieces.push(piece)
  return pieces.map(({ bytes, last }) => ({ text: bytes.toString(), last }))
}

const hard = (n: number) => `{"n":${n},"text":"}{][ \\" \\\\","list":[[],{}]}`

test.each([
  ['values one behind the other', 0, '', '\r\n\r\n', ''],
  ['elements of a list', 1, '[', ',', ']'],
] as const)(
  '%s are cut at the same places however the bytes come in, and none is lost',
  async (_, base, head, between, tail) => {
    const body = head + Array.from({ length: 2500 }, (_, n) => hard(n)).join(between) + tail
    const pieces = await cut(body, base)
    expect(pieces.map(({ last }) => last)).toEqual([false, false, true])
    expect(pieces.map(({ text }) => text).join('')).toBe(body)
    expect(pieces.map(({ text }) => text.split('"n":').length - 1)).toEqual([1000, 1000, 500])
    for (const { text } of pieces.slice(0, 2)) expect(text.endsWith('}')).toBe(true)
    expect(await cut(body, base, 7)).toEqual(pieces)
  },
)

test('a piece ends with the value that makes it about 1 MB', async () => {
  const large = JSON.stringify({ text: 'x'.repeat(600_000) })
  const pieces = await cut([large, large, large].join('\n'), 0)
  expect(pieces.map(({ text, last }) => [text.length, last])).toEqual([
    [2 * large.length + 1, false],
    [large.length + 1, true],
  ])
})

test('a value that can not be held is refused', async () => {
  const endless = Readable.from(
    (function* () {
      yield '{"text":"'
      for (let i = 0; i < 40; i++) yield 'x'.repeat(1024 * 1024)
    })(),
    { objectMode: false },
  )
  const pieces = piecesOf(endless, 1e9, 0)
  await expect(pieces.next()).rejects.toThrow('larger than 32 MB')
})
