/** How many different grams there are: they are hashed to 22 bits. */
const kinds = 1 << 22
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
const isNoise = (a: number, b: number, c: number, d: number) =>
  hex[a]! > 0 && hex[b]! > 0 && hex[c]! > 0 && hex[d]! > 0 && ((hex[a]! | hex[b]! | hex[c]! | hex[d]!) & DIGIT) > 0

/** Calls for each gram of a text that is no noise; with `ended`, also for its last three characters and the end. */
function eachGram(text: string, ended: boolean, gram: (hash: number) => void) {
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
    if (!isNoise(a, b, c, d)) gram(hash(a, b, c, d))
  }
}

/** The round in which each gram was last seen: telling new ones apart must cost next to nothing. */
let seen: Uint32Array | undefined
let round = 0
let found = new Int32Array(65_536)

/** The sorted distinct grams of folded values. */
export function gramsOf(values: string[]): Int32Array {
  seen ??= new Uint32Array(kinds)
  const marks = seen
  if (++round === 0xffffffff) marks.fill((round = 1) - 1)
  let n = 0
  const note = (gram: number) => {
    if (marks[gram] === round) return
    marks[gram] = round
    if (n === found.length) {
      const larger = new Int32Array(n * 2)
      larger.set(found)
      found = larger
    }
    found[n++] = gram
  }
  for (const value of values) eachGram(value, true, note)
  return found.slice(0, n).sort()
}

/** What the grams of a block must hold for one of its values to contain a text: all of these, or any of these. */
export type WantedGrams = { all: number[] } | { any: number[] }

/** Of a folded text; undefined when grams tell nothing: too short a text, or one of noise alone. */
export function gramsFor(text: string): WantedGrams | undefined {
  if (text.length < 3) return undefined
  if (text.length > 3) {
    const all = new Set<number>()
    eachGram(text, false, (gram) => all.add(gram))
    return all.size > 0 ? { all: [...all] } : undefined
  }
  const [a, b, c] = [...Array(3).keys()].map((at) => fold(text.charCodeAt(at))) as [number, number, number]
  // Some of the grams that begin with these are noise and not there.
  if (hex[a] && hex[b] && hex[c]) return undefined
  const any = new Set<number>()
  for (let d = 0; d < 256; d++) any.add(hash(a, b, c, d))
  return { any: [...any] }
}
