import { isIPv4, isIPv6 } from '../../evidence/indicators.ts'

/** An address as text that sorts as addresses do: its family and 8 or 32 hex digits. Undefined for anything else. */
export function addressKey(text: string): string | undefined {
  if (/[^0-9a-f:.]/.test(text)) return undefined
  if (/^[\d.]+$/.test(text) && isIPv4(text)) return `4${text.split('.').map(hex2).join('')}`
  if (!text.includes(':') || !isIPv6(text) || !/(?:^|:)[\da-f]*$|:[\d.]+$/.test(text)) return undefined
  const [head, tail] = text.split('::') as [string, string | undefined]
  const before = groupsOf(head)
  if (tail === undefined) return `6${before.join('')}`
  const after = groupsOf(tail)
  const zeros = Array<string>(8 - before.length - after.length).fill('0000')
  return `6${[...before, ...zeros, ...after].join('')}`
}

const hex2 = (part: string) => Number(part).toString(16).padStart(2, '0')

function groupsOf(text: string): string[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [group.padStart(4, '0')]
    const bytes = group.split('.').map(hex2)
    return [bytes.slice(0, 2).join(''), bytes.slice(2).join('')]
  })
}

/** First and last address of `10.0.0.0/8` or `2001:db8::/32`; undefined when it is none. */
export function networkOf(text: string): { low: string; high: string } | undefined {
  const slash = text.lastIndexOf('/')
  const key = slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1)) ? undefined : addressKey(text.slice(0, slash))
  if (key === undefined) return undefined
  const bits = (key.length - 1) * 4
  const length = Number(text.slice(slash + 1))
  if (length > bits) return undefined
  const host = (1n << BigInt(bits - length)) - 1n
  const low = BigInt(`0x${key.slice(1)}`) & ~host
  const write = (address: bigint) => key[0] + address.toString(16).padStart(key.length - 1, '0')
  return { low: write(low), high: write(low | host) }
}
