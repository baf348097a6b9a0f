/** A seeded generator (mulberry32): the same rows at every run. */
export function randomFrom(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!
  /** Log-uniform: few values are very common, and the tail is long. */
  const common = <T>(values: readonly T[]): T =>
    values[Math.min(values.length - 1, Math.floor(values.length ** next() - 1 + next()))]!
  const hex = (digits: number) => {
    let text = ''
    while (text.length < digits) text += (below(0x100_0000) + 0x100_0000).toString(16).slice(1)
    return text.slice(0, digits)
  }
  const guid = () => `{${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}}`.toUpperCase()
  return { next, below, pick, common, hex, guid }
}

export type Random = ReturnType<typeof randomFrom>
