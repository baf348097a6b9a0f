import type { RowHit } from './words.ts'

/** From a place of a text to the one behind its end. */
export type Place = [from: number, to: number]
/** Where an expression finds something; undefined while it is not known. */
export type Finds = (source: string, text: string) => Place[]

type Sought = Pick<RowHit, 'kind' | 'match' | 'value'>

const before = /[\p{L}\p{N}_.-]$/u
const behind = /^(?:[\p{L}\p{N}_-]|\.[\p{L}\p{N}])/u

/** Where in a value of a row an indicator stands: what matched, and no more. */
export function placesOf(text: string, { kind, match, value }: Sought, finds: Finds | undefined): Place[] {
  const whole: Place[] = [[0, text.length]]
  if (match === 'regex') return finds?.(value, text) ?? []
  const [lower, wanted] = [text.toLowerCase(), value.toLowerCase()]
  if (match === 'wildcard') return globFits(wanted, lower) ? whole : []
  if (lower === wanted) return whole
  if (lower.length !== text.length) return []
  if (kind === 'cidr') return addressesIn(text).filter(([from, to]) => isInside(text.slice(from, to), value))
  if (kind === 'file_name') {
    const isName = [`\\${wanted}`, `/${wanted}`].some((end) => lower.endsWith(end))
    return isName ? [[text.length - wanted.length, text.length]] : []
  }
  const places: Place[] = []
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    const end = at + wanted.length
    if (!before.test(text.slice(Math.max(0, at - 2), at)) && !behind.test(text.slice(end, end + 3)))
      places.push([at, end])
  }
  return places
}

/** `*` stands for any text and `?` for one character; as long as the text at most, times the pattern. */
function globFits(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      from = t
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

const addressesIn = (text: string): Place[] =>
  [
    ...text.matchAll(
      /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)|(?<![\w:])[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*[0-9a-f](?![\w:])/gi,
    ),
  ].map(({ 0: { length }, index }) => [index, index + length])

function isInside(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const [one, other] = [numberOf(address), numberOf(base)]
  if (!one || !other || one.size !== other.size) return false
  const rest = BigInt(one.size - Number(bits))
  return one.n >> rest === other.n >> rest
}

function numberOf(address: string): { n: bigint; size: number } | undefined {
  if (!address.includes(':')) {
    const parts = address.split('.').map(Number)
    if (parts.length !== 4 || parts.some((part) => !(part <= 255))) return undefined
    return { n: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), size: 32 }
  }
  const [head = [], tail] = address.split('::').map((side) => side.split(':').filter((part) => part !== ''))
  const gap = tail ? Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0') : []
  const parts = [...head, ...gap, ...(tail ?? [])]
  if (parts.length !== 8 || parts.some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return undefined
  return { n: parts.reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n), size: 128 }
}

/** Places that meet or overlap are one. */
export function joined(places: Place[]): Place[] {
  const all: Place[] = []
  for (const [from, to] of places.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else all.push([from, to])
  }
  return all
}
