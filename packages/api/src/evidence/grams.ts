const DIGIT = 1
const LETTER = 2
/** 0 for what is no hex digit. */
const hex = new Uint8Array(256)
for (let code = 48; code < 58; code++) hex[code] = DIGIT
for (let code = 97; code < 103; code++) hex[code] = LETTER
/** Follows the last character of a value, so that three characters at its end are a gram too. */
const END = 0

const fold = (code: number) => (code > 127 ? 128 | (code & 127) : code)

const hash = (a: number, b: number, c: number, d: number) =>
  Math.imul(
    Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d) ^ Math.imul(d, 0x165667b1),
    0x27d4eb2f,
  ) >>> 10

/** Pieces of hashes and ids: each block has nearly all of them, so they cost much and tell nothing. */
const isNoise = (a: number, b: number, c: number, d: number) => {
  const [w, x, y, z] = [hex[a]!, hex[b]!, hex[c]!, hex[d]!]
  return w > 0 && x > 0 && y > 0 && z > 0 && ((w | x | y | z) & DIGIT) > 0
}

/** Open addressing, at most half full: small enough for the processor's own memory, which one mark for each gram there is would not be. */
interface Found {
  slots: Int32Array
  grams: Int32Array
  n: number
}

const newFound = (size: number): Found => ({ slots: new Int32Array(size), grams: new Int32Array(size >> 1), n: 0 })

let found = newFound(16_384)

function note(gram: number) {
  const { slots, grams } = found
  const mask = slots.length - 1
  let at = Math.imul(gram, 0x9e3779b1) >>> 10
  for (;;) {
    at &= mask
    const held = slots[at]
    if (held === gram + 1) return
    if (held === 0) break
    at++
  }
  slots[at] = gram + 1
  grams[found.n++] = gram
  if (found.n === grams.length) grow()
}

function grow() {
  const small = found
  found = newFound(small.slots.length * 2)
  for (const gram of small.grams) note(gram)
}

/** Calls for each gram of a text that is no noise; with `ended`, also of its last three characters and the end. */
function eachGram(text: string, ended: boolean, seen: (gram: number) => void) {
  if (text.length < 3) return
  let a = 0
  let b = fold(text.charCodeAt(0))
  let c = fold(text.charCodeAt(1))
  let d = fold(text.charCodeAt(2))
  const stop = ended ? text.length : text.length - 1
  for (let at = 3; at <= stop; at++) {
    a = b
    b = c
    c = d
    d = at < text.length ? fold(text.charCodeAt(at)) : END
    if (!isNoise(a, b, c, d)) seen(hash(a, b, c, d))
  }
}

const largest = 262_144

function noted(): Int32Array {
  const grams = found.grams.slice(0, found.n).sort()
  if (found.slots.length > largest) found = newFound(16_384)
  else found.slots.fill(0)
  found.n = 0
  return grams
}

/** The sorted distinct grams of folded values. */
export function gramsOf(values: string[]): Int32Array {
  for (const value of values) eachGram(value, true, note)
  return noted()
}

/** A filter is halved as long as no more of its bits are set: one of about eleven blocks without a gram seems to have it. */
const fullest = 0.3
const fewestBytes = 64
const mostBytes = 1 << 19

const secondBit = (gram: number) => Math.imul(gram, 0x27d4eb2f) >>> 10

let filter = new Uint8Array(fewestBytes)

function setBits(gram: number) {
  const mask = filter.length * 8 - 1
  const first = gram & mask
  const second = secondBit(gram) & mask
  filter[first >> 3]! |= 1 << (first & 7)
  filter[second >> 3]! |= 1 << (second & 7)
}

/**
 * A Bloom filter of the grams of folded values: two bits for each gram, by the lower bits of its two numbers. It costs a
 * fraction of the grams themselves, and says the same but for a block now and then that does not hold them.
 */
export function filterOf(values: string[]): Buffer {
  let size = fewestBytes
  const characters = values.reduce((sum, { length }) => sum + length, 0)
  while (size < characters && size < mostBytes) size *= 2
  filter = new Uint8Array(size)
  for (const value of values) eachGram(value, true, setBits)
  let words = new Uint32Array(filter.buffer)
  for (let half = halved(words); half; half = halved(words)) words = half
  return Buffer.from(words.buffer)
}

/** The same filter in half of the bits; undefined when it would be too full or too small. */
function halved(words: Uint32Array): Uint32Array<ArrayBuffer> | undefined {
  const n = words.length / 2
  if (n * 4 < fewestBytes) return undefined
  const half = new Uint32Array(n)
  let set = 0
  for (let i = 0; i < n; i++) {
    const word = (half[i] = words[i]! | words[i + n]!)
    set += bitsOf(word)
  }
  return set <= fullest * n * 32 ? half : undefined
}

function bitsOf(word: number) {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The bits, from 0 on and by the lower ones of these numbers, that are set in a filter of values that contain such a text. */
export const bitsFor = (grams: number[]): number[] => grams.flatMap((gram) => [gram, secondBit(gram)])

/** What the grams of a block must hold for one of its values to contain a text: all of these, or any of these. */
export type WantedGrams = { all: number[] } | { any: number[] }

/** Of a folded text; undefined when grams tell nothing: too short a text, or one of noise alone. */
export function gramsFor(text: string): WantedGrams | undefined {
  if (text.length < 3) return undefined
  if (text.length > 3) {
    eachGram(text, false, note)
    const all = noted()
    return all.length > 0 ? { all: [...all] } : undefined
  }
  const [a, b, c] = [...Array(3).keys()].map((at) => fold(text.charCodeAt(at))) as [number, number, number]
  // Some of the grams that begin with these are noise and not there.
  if (hex[a] && hex[b] && hex[c]) return undefined
  const any = new Set<number>()
  for (let d = 0; d < 256; d++) any.add(hash(a, b, c, d))
  return { any: [...any] }
}
