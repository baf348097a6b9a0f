import { createHash } from 'node:crypto'

/** A small seeded generator (mulberry32): the same seed gives the same demo, byte for byte. */
export function randomFrom(seed: string) {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0)
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  const pick = <T>(values: readonly T[]): T => values[whole(0, values.length - 1)]!
  return { next, whole, pick, chance: (share: number) => next() < share }
}

export type Random = ReturnType<typeof randomFrom>

/** Hashes of a file that exists only here: of its name, so that one file has one hash everywhere. */
export const hashesOf = (name: string) => ({
  MD5: createHash('md5').update(name).digest('hex'),
  SHA1: createHash('sha1').update(name).digest('hex'),
  SHA256: createHash('sha256').update(name).digest('hex'),
})

export const hex = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)
