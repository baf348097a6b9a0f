import { createHash } from 'node:crypto'

/** How values are compared everywhere: JavaScript's lower case; a lone surrogate counts as U+FFFD, as it can't be UTF-8. */
export const folded = (value: string) => value.toLowerCase().toWellFormed()

export interface TermSeed {
  a: number
  b: number
}

/** The installation's random key, so that nobody outside can choose values that share a hash. */
export function termSeed(termKey: Uint8Array): TermSeed {
  const digest = createHash('sha256').update(termKey).digest()
  return { a: digest.readInt32LE(0), b: digest.readInt32LE(4) }
}

/** A signed 32-bit hash. A collision only makes a search read a block in vain: every find is checked against the values. */
export function hashTerm(value: string, seed: TermSeed): number {
  let a = seed.a ^ value.length
  let b = seed.b
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    a = Math.imul(a ^ code, 0x9e3779b1)
    b = Math.imul(b ^ code, 0x5f356495)
    a ^= a >>> 15
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  return (a ^ (a >>> 16)) | 0
}

/** The term of a whole leaf, or of an indicator inside one. */
export const termOf = (value: string, termKey: Uint8Array) => hashTerm(folded(value), termSeed(termKey))

/**
 * The term of a UTC day (days since 1970) on which some time column of a block has a value. Times stand in columns only: a
 * search for one finds its blocks by this and then reads their time columns.
 */
export const hashDay = (day: number, seed: TermSeed) => hashTerm(`\u0000day ${day}`, seed)
export const termOfDay = (day: number, termKey: Uint8Array) => hashDay(day, termSeed(termKey))
