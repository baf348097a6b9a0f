/** Kinds of character, as bits: what a run of them can be is told by which were seen. */
const DIGIT = 1
const HEX_LETTER = 2
const LETTER = 4
const DOT = 8
const DASH = 16 // also _
const kinds = new Uint8Array(128)
for (const c of '0123456789') kinds[c.charCodeAt(0)] = DIGIT
for (const c of 'ghijklmnopqrstuvwxyz') kinds[c.charCodeAt(0)] = LETTER
for (const c of 'abcdef') kinds[c.charCodeAt(0)] = HEX_LETTER
kinds[46] = DOT
kinds[45] = kinds[95] = DASH

/** Beside all two-letter ones (countries). Others count as domains in a URL or an email address only: most dotted names are files. */
const topLevels = new Set(
  (
    'com net org info biz xyz top club site online store shop app dev cloud live world today life email link click pro mobi ' +
    'name space website tech fun icu vip win bid loan men work date stream download review trade party science cyou buzz ' +
    'monster rest quest cfd sbs lol gov edu mil int arpa asia travel jobs agency digital network systems solutions services ' +
    'support security center company group media news blog wiki tokyo berlin london page goog google amazon microsoft azure ' +
    'local lan internal intranet corp home onion i2p example test invalid localhost localdomain'
  ).split(' '),
)

const isTopLevel = (label: string) =>
  (label.length === 2 && !/\d/.test(label)) || topLevels.has(label) || label.startsWith('xn--')

/** Hex runs of these lengths: MD5, SHA-1, SHA-256. */
const isHashLength = (length: number) => length === 32 || length === 40 || length === 64

export function isIPv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => part.length > 0 && part.length < 4 && Number(part) < 256)
}

export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const mapped = last !== undefined && last.includes('.')
  if (mapped && !isIPv4(last)) return false
  const hex = mapped ? groups.slice(0, -1) : groups
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false
  const size = hex.length + (mapped ? 2 : 0)
  return halves.length === 2 ? size >= 1 && size < 8 : size === 8
}

/** `some.name`, dots and dashes trimmed; `trusted` when the place says that it is a host. */
function domain(run: string, trusted: boolean): string | undefined {
  if (run.length > 300) return undefined
  const name = run.replace(/^[.-]+|[._-]+$/g, '')
  const dot = name.lastIndexOf('.')
  if (dot < 1 || name.includes('..') || name.length > 253) return undefined
  const last = name.slice(dot + 1)
  if (trusted ? !/^[a-z][a-z0-9-]+$/.test(last) : !isTopLevel(last)) return undefined
  return name
}

/** A name after one slash or backslash is a file's; after two it is a server's. */
function afterPathSeparator(text: string, start: number): boolean {
  const before = text[start - 1]
  return (before === '\\' || before === '/') && text[start - 2] !== before
}

function addRun(text: string, start: number, end: number, seen: number, out: string[]) {
  const run = text.slice(start, end)
  if (!(seen & DOT)) return
  if (!(seen & (LETTER | HEX_LETTER))) {
    // 10.0.0.1, also in 10.0.0.1-10.0.0.9
    for (const part of run.split(/[-_]/)) {
      if (part.length > 40) continue
      const address = part.replace(/^\.+|\.+$/g, '')
      if (isIPv4(address)) out.push(address)
    }
    return
  }
  if (afterPathSeparator(text, start)) return
  const name = domain(run, false)
  if (name !== undefined) out.push(name)
}

/** Hashes, IPv4 addresses and domains: runs of letters, digits, dots and dashes. */
function scanRuns(text: string, out: string[]) {
  const length = text.length
  for (let at = 0; at < length; at++) {
    const start = at
    let seen = 0
    let wordStart = at
    let word = 0
    for (; at <= length; at++) {
      const code = at < length ? text.charCodeAt(at) : 0
      const kind = code < 128 ? kinds[code]! : 0
      if (kind & (DIGIT | HEX_LETTER | LETTER)) {
        word |= kind
        seen |= kind
        continue
      }
      if (isHashLength(at - wordStart) && !(word & LETTER)) out.push(text.slice(wordStart, at))
      if (kind === 0) break
      seen |= kind
      wordStart = at + 1
      word = 0
    }
    if (at - start >= 4) addRun(text, start, at, seen, out)
  }
}

const address6 = /(?<![0-9a-z])(?:[0-9a-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})(?![0-9a-z:])/g

function scanIPv6(text: string, out: string[]) {
  for (const [match] of text.matchAll(address6)) {
    if (isIPv6(match)) out.push(match)
    else if (match.startsWith(':') && !match.startsWith('::') && isIPv6(match.slice(1))) out.push(match.slice(1))
    else if (match.endsWith(':') && isIPv6(match.slice(0, -1))) out.push(match.slice(0, -1))
  }
}

const isLocalPart = (code: number) => (code < 128 && kinds[code]! !== 0) || code === 37 /* % */ || code === 43 /* + */
const isHostPart = (code: number) => code < 128 && kinds[code]! !== 0

/** From `at` on as long as the characters fit, `limit` at most: an attacker's long run must not be read again and again. */
function runRight(text: string, at: number, limit: number, fits: (code: number) => boolean): number {
  let end = at
  while (end < text.length && end - at < limit && fits(text.charCodeAt(end))) end++
  return end
}

function runLeft(text: string, at: number, limit: number, fits: (code: number) => boolean): number {
  let start = at
  while (start > 0 && at - start < limit && fits(text.charCodeAt(start - 1))) start--
  return start
}

function scanEmails(text: string, out: string[]) {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const local = text.slice(runLeft(text, at, 64, isLocalPart), at)
    const host = domain(text.slice(at + 1, runRight(text, at + 1, 255, isHostPart)), true)
    if (host !== undefined && local !== '') out.push(`${local}@${host}`, host)
  }
}

const isScheme = (code: number) => code < 128 && (kinds[code]! & 15) !== 0
const endsUrl = (code: number) => code <= 32 || code === 34 || code === 39 || code === 60 || code === 62
const isClosing = (char: string) => '.,;:!?)]}'.includes(char)

/** The host of what follows `://`, with a user and password before it skipped. */
function hostAt(text: string, start: number, end: number): string | undefined {
  const stop = runRight(text, start, Math.min(512, end - start), (code) => code !== 47 && code !== 63 && code !== 35)
  const authority = text.slice(start, stop)
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return domain(host.slice(0, runRight(host, 0, 255, isHostPart)), true)
}

/** How many URLs inside another one (redirects) stand as values of their own; the hosts of all do. */
const maxNested = 4

function scanUrls(text: string, out: string[]) {
  let end = 0
  let nested = 0
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    if (at >= end) {
      end = runRight(text, at + 3, Infinity, (code) => !endsUrl(code))
      nested = 0
    } else nested++
    const host = hostAt(text, at + 3, end)
    if (host !== undefined) out.push(host)
    const start = runLeft(text, at, 32, isScheme)
    if (start === at || nested > maxNested) continue
    let trimmed = end
    while (isClosing(text[trimmed - 1]!)) trimmed--
    out.push(text.slice(start, end))
    if (trimmed < end && trimmed > at + 3) out.push(text.slice(start, trimmed))
  }
}

/**
 * The indicators inside a leaf that must be findable alone: MD5, SHA-1 and SHA-256 in hex, IPv4 and IPv6 addresses, domains,
 * URLs, email addresses. Expects a folded leaf. A search uses the same function to check its finds, so it decides what
 * "contains this value" means; a change of it needs blocks to be written again.
 */
export function indicatorsIn(leaf: string): string[] {
  const out: string[] = []
  const dot = leaf.includes('.')
  if (leaf.length >= 32 || (dot && leaf.length >= 4)) scanRuns(leaf, out)
  const colon = leaf.indexOf(':')
  if (colon >= 0 && (leaf.includes('::') || leaf.split(':', 8).length === 8)) scanIPv6(leaf, out)
  if (dot && leaf.includes('@')) scanEmails(leaf, out)
  if (colon >= 0 && leaf.includes('://')) scanUrls(leaf, out)
  return out
}

const hostLike = /^[a-z0-9][a-z0-9._-]*$/

/**
 * Whether the folded value is one of the indicators inside the folded leaf that contains it: what a search asks of very many leaves. Most
 * values can't be an indicator, or only the host of a URL or an address, which spares looking for all that the leaf holds.
 */
export function holdsIndicator(leaf: string, value: string): boolean {
  if (!/[.:]/.test(value)) {
    if (!isHashLength(value.length)) return false
  } else if (hostLike.test(value) && /[a-z]/.test(value) && !isTopLevel(value.slice(value.lastIndexOf('.') + 1))) {
    if (!leaf.includes('://') && !leaf.includes('@')) return false
  }
  return indicatorsIn(leaf).includes(value)
}
