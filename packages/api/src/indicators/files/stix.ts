import type { IndicatorKind, IndicatorMatch } from '../input.ts'
import { kindOf } from '../recognise/rules.ts'
import type { FileIndicator, ReadFile } from './file.ts'

/** Object paths of STIX 2.1 for what can be told of a kind; the first is how it is written. */
const paths: [IndicatorKind, string[]][] = [
  ['md5', ['file:hashes.MD5', "file:hashes.'MD5'"]],
  ['sha1', ["file:hashes.'SHA-1'", 'file:hashes.SHA1']],
  ['sha256', ["file:hashes.'SHA-256'", 'file:hashes.SHA256']],
  ['imphash', ["file:extensions.'windows-pebinary-ext'.imphash"]],
  ['domain', ['domain-name:value']],
  ['url', ['url:value']],
  ['email', ['email-addr:value', 'email-message:from_ref.value', 'email-message:sender_ref.value']],
  ['file_name', ['file:name']],
  ['file_path', ['file:x_path', 'directory:path']],
  ['registry_key', ['windows-registry-key:key']],
  ['user', ['user-account:account_login', 'user-account:user_id']],
  ['sid', ["user-account:extensions.'windows-account-ext'.sid", 'user-account:x_sid']],
  [
    'certificate',
    ["x509-certificate:hashes.'SHA-256'", "x509-certificate:hashes.'SHA-1'", 'x509-certificate:serial_number'],
  ],
  ['ssh_key', ['x-ssh-key:value']],
  ['mutex', ['mutex:name']],
  ['other', ['x-value:value']],
]
const kindByPath = new Map(paths.flatMap(([kind, all]) => all.map((path) => [path, kind] as const)))
const address = new Set(['ipv4-addr:value', 'ipv6-addr:value'])

interface Comparison {
  kind: IndicatorKind
  match: IndicatorMatch
  value: string
}

const comparison =
  /\s*([a-z0-9-]+:(?:[\w-]+|'[^']*')(?:\.(?:[\w-]+|'[^']*'))*)\s*(=|LIKE|MATCHES|ISSUBSET)\s*'((?:\\.|[^'\\])*)'\s*/y

/** Single comparisons, and those that OR joins; undefined for any other pattern. */
export function readPattern(pattern: string): Comparison[] | undefined {
  const found: Comparison[] = []
  let at = 0
  const skip = (part: RegExp) => {
    part.lastIndex = at
    const match = part.exec(pattern)
    if (match) at = part.lastIndex
    return match
  }
  for (;;) {
    if (!skip(/\s*\[/y)) return undefined
    for (;;) {
      const one = skip(comparison)
      const read = one && comparisonOf(one[1]!, one[2]!, one[3]!.replace(/\\(.)/gs, '$1'))
      if (!read) return undefined
      found.push(read)
      if (!skip(/\s*OR\b/y)) break
    }
    if (!skip(/\s*\]\s*/y)) return undefined
    if (at >= pattern.length) return found
    if (!skip(/OR\b/y)) return undefined
  }
}

function comparisonOf(path: string, operator: string, value: string): Comparison | undefined {
  if (value === '') return undefined
  if (address.has(path)) {
    if (operator === 'LIKE')
      return { kind: 'ip', match: 'wildcard', value: value.replaceAll('%', '*').replaceAll('_', '?') }
    if (operator === 'MATCHES') return { kind: 'ip', match: 'regex', value }
    return { kind: kindOf(value) === 'cidr' ? 'cidr' : 'ip', match: 'exact', value }
  }
  const kind = kindByPath.get(path)
  if (!kind || operator === 'ISSUBSET') return undefined
  if (operator === 'MATCHES') return { kind, match: 'regex', value }
  // What SQL's LIKE can't say in our wildcards, and the other way round, is not rewritten into something else.
  if (operator === 'LIKE')
    return /[*?]/.test(value)
      ? undefined
      : { kind, match: 'wildcard', value: value.replaceAll('%', '*').replaceAll('_', '?') }
  return { kind, match: 'exact', value }
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** Undefined where the pattern language can't say it. */
export function writePattern({ kind, match, value }: Comparison): string | undefined {
  const path =
    kind === 'ip' || kind === 'cidr'
      ? value.includes(':')
        ? 'ipv6-addr:value'
        : 'ipv4-addr:value'
      : paths.find(([of]) => of === kind)![1][0]!
  if (match === 'wildcard') {
    if (/[%_]/.test(value)) return undefined
    return `[${path} LIKE ${quoted(value.replaceAll('*', '%').replaceAll('?', '_'))}]`
  }
  return `[${path} ${match === 'regex' ? 'MATCHES' : '='} ${quoted(value)}]`
}

type Json = Record<string, unknown>
const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const textsOf = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])
const timeOf = (value: unknown) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : null

/** Reads a bundle. Patterns that are not understood are named with their place, and kept. */
export function readStix(json: unknown): ReadFile {
  const bundle = json as Json
  if (bundle?.['type'] !== 'bundle') return { indicators: [], others: [{ at: '$', text: 'Not a STIX bundle' }] }
  const objects = Array.isArray(bundle['objects']) ? (bundle['objects'] as Json[]) : []
  const indicators: FileIndicator[] = []
  const others: ReadFile['others'] = []
  for (const [i, object] of objects.entries()) {
    const at = `$.objects[${i}]`
    if (object?.['type'] !== 'indicator') {
      if (!['identity', 'marking-definition'].includes(textOf(object?.['type'])))
        others.push({ at, text: JSON.stringify(object).slice(0, 5000) })
      continue
    }
    const pattern = textOf(object['pattern'])
    const read = (object['pattern_type'] ?? 'stix') === 'stix' ? readPattern(pattern) : undefined
    if (!read) {
      others.push({ at: `${at}.pattern`, text: pattern.slice(0, 5000) })
      continue
    }
    const common = {
      note: textOf(object['description']).slice(0, 5000),
      tags: textsOf(object['labels']).slice(0, 100),
      validFrom: timeOf(object['valid_from']),
      validUntil: timeOf(object['valid_until']),
      origin: { stix: textOf(object['id']), ...(read.length > 1 && { pattern }) },
    }
    for (const one of read) indicators.push({ ...one, ...common, at })
  }
  return { indicators, others }
}

const stixTime = (at: string | null) => (at === null ? undefined : new Date(at).toISOString())

/** A bundle with an indicator for each value; its ids stay those that a bundle brought. */
export function writeStix(indicators: FileIndicator[], { name, now }: { name: string; now: Date }) {
  const left: string[] = []
  const objects = indicators.flatMap((one) => {
    const pattern = writePattern(one)
    if (!pattern) {
      left.push(one.value)
      return []
    }
    const from = stixTime(one.validFrom) ?? now.toISOString()
    return [
      {
        type: 'indicator',
        spec_version: '2.1',
        id: `indicator--${crypto.randomUUID()}`,
        created: now.toISOString(),
        modified: now.toISOString(),
        name: one.value.slice(0, 300),
        ...(one.note && { description: one.note }),
        ...(one.tags.length > 0 && { labels: one.tags }),
        indicator_types: ['malicious-activity'],
        pattern,
        pattern_type: 'stix',
        valid_from: from,
        ...(one.validUntil &&
          Date.parse(one.validUntil) > Date.parse(from) && { valid_until: stixTime(one.validUntil) }),
        external_references: [
          { source_name: name || 'VelociCompanion', description: 'An indicator list of VelociCompanion' },
        ],
      },
    ]
  })
  const bundle = { type: 'bundle', id: `bundle--${crypto.randomUUID()}`, objects }
  return { text: `${JSON.stringify(bundle, null, 2)}\n`, left }
}
