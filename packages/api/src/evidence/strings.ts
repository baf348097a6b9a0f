/**
 * Distinct strings and where they stand in `values`. A Map would take every key into the engine's own table of strings, which costs
 * more than the look-up and moves the string to where only a full collection of garbage finds it.
 */
export interface Strings {
  /** Places in `values` plus 1 by hash, open addressing, at most half full. */
  slots: Int32Array
  /** By place. */
  hashes: Int32Array
  /** May also hold others, which are not found. */
  values: unknown[]
}

const fewest = 64
/** What is kept from block to block: there may be thousands of columns. */
const mostKept = 1024

export const newStrings = (): Strings => ({
  slots: new Int32Array(fewest),
  hashes: new Int32Array(fewest >> 1),
  values: [],
})

/** Empties it; what others hold of the values stays theirs. */
export function clearStrings(strings: Strings, kept = mostKept) {
  if (strings.slots.length > kept) {
    strings.slots = new Int32Array(kept)
    strings.hashes = new Int32Array(kept >> 1)
  } else strings.slots.fill(0)
  strings.values = []
}

/** Where a string stands; -1 when it is not there. The hash is `hashTerm` of it: nobody outside can choose strings that share one. */
export function placeOf({ slots, hashes, values }: Strings, value: string, hash: number): number {
  const mask = slots.length - 1
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    const place = slots[at]! - 1
    if (place < 0 || (hashes[place] === hash && values[place] === value)) return place
  }
}

/** Adds a string that is not there. Returns its place. */
export function addString(strings: Strings, value: string, hash: number): number {
  const place = strings.values.push(value) - 1
  while (place >= strings.hashes.length) grow(strings)
  strings.hashes[place] = hash
  put(strings.slots, hash, place)
  return place
}

function put(slots: Int32Array, hash: number, place: number) {
  const mask = slots.length - 1
  let at = hash & mask
  while (slots[at] !== 0) at = (at + 1) & mask
  slots[at] = place + 1
}

function grow(strings: Strings) {
  const { slots, hashes } = strings
  strings.slots = new Int32Array(slots.length * 2)
  strings.hashes = new Int32Array(hashes.length * 2)
  strings.hashes.set(hashes)
  for (const slot of slots) if (slot > 0) put(strings.slots, hashes[slot - 1]!, slot - 1)
}
