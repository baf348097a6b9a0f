import { isIPv4, isIPv6, indicatorsIn } from '../../evidence/indicators.ts'
import { folded } from '../../evidence/terms.ts'
import { networkOf } from '../../rows/language/addresses.ts'
import type { IndicatorKind } from '../input.ts'
import { whyBroad } from './broad/rules.ts'

export interface Recognised {
  kind: IndicatorKind
  value: string
  /** 1-based line of the text. */
  line: number
  /** Why it would find too much, where it would. */
  broad?: string
}

export interface Recognition {
  found: Recognised[]
  /** Values that stand in the text more than once, and how often beyond the first. */
  duplicates: number
  /** Lines without any indicator. */
  others: { line: number; text: string }[]
}

const most = 10_000

/** Makes a defanged text whole again: `hxxp://evil[.]example(dot)com`, `user[at]example[.]com`. */
export function refang(text: string): string {
  return text
    .replace(/\[:\/\/\]|:\[\/\/\]/g, '://')
    .replaceAll('[:]', ':')
    .replace(/\bh(?:xx|\*\*)p(s?)(?=:)/gi, 'http$1')
    .replace(/\bfxp(?=:)/gi, 'ftp')
    .replace(/\s?[[({]\s?(?:\.|dot|punkt)\s?[\])}]\s?/gi, '.')
    .replace(/\[\.(?=[^\]\s])|(?<=[^[\s])\.\]/g, '.')
    .replace(/\\\.(?=[\w-]+(?:\\?\.|$|[/:\s]))/g, '.')
    .replace(/\s?[[({]\s?(?:@|at)\s?[\])}]\s?/gi, '@')
}

const registry = /^(?:HKEY_[A-Z_]+|HK(?:LM|CU|CR|U|CC))[\\/:]/i
const windowsPath = /^(?:[a-z]:\\|\\\\[^\\]+\\|%[\w()]+%\\)/i
const unixPath = /^~?\/(?:[^/\s]+\/)+[^/]+$/
const fileName =
  /^[^\\/:*?"<>|\s]+\.(?:exe|dll|sys|bat|cmd|ps1|psm1|vbs|vbe|jse?|hta|wsf|scr|lnk|msi|jar|docm?|xlsm?|docx|xlsx|pptx?|pdf|rtf|zip|rar|7z|iso|img|one|chm|elf|so|sh|py|bin|dat|tmp|log|php|aspx?|jsp)$/i
const sid = /^S-1-\d+(?:-\d+){1,14}$/i
const sshKey = /^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+)\s+[A-Za-z0-9+/=]{20,}/
const mutex = /^(?:Global|Local)\\\S/i

/** What a whole value is by its form; undefined where it has none that tells. */
export function kindOf(value: string): IndicatorKind | undefined {
  const text = folded(value)
  if (/^[0-9a-f]{32}$/.test(text)) return 'md5'
  if (/^[0-9a-f]{40}$/.test(text)) return 'sha1'
  if (/^[0-9a-f]{64}$/.test(text)) return 'sha256'
  if (/^\d/.test(text) && isIPv4(text) && /^[\d.]+$/.test(text)) return 'ip'
  if (text.includes(':') && isIPv6(text)) return 'ip'
  if (networkOf(text)) return 'cidr'
  if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(text)) return 'url'
  if (sid.test(value)) return 'sid'
  if (registry.test(value)) return 'registry_key'
  if (mutex.test(value)) return 'mutex'
  if (windowsPath.test(value) || unixPath.test(value)) return 'file_path'
  if (sshKey.test(value)) return 'ssh_key'
  if (/^[^\s@]+@[^\s@]+\.[a-z][a-z0-9-]+$/.test(text)) return 'email'
  if (indicatorsIn(text).includes(text) && !text.includes('@')) return 'domain'
  return fileName.test(value) ? 'file_name' : undefined
}

const trimmed = (text: string) =>
  text
    .trim()
    .replace(/^(?:[-*•·>]\s+|\d+[.)]\s+)/, '')
    .replace(/^["'`“”‘’<(]+|["'`“”‘’>,;]+$/g, '')
    .trim()

/** Words of a sentence; punctuation at their ends is the sentence's. */
const wordsOf = (line: string) =>
  line
    .split(/[\s,;|"'`<>“”‘’]+/)
    .map((word) => word.replace(/^[([{]+|[.:!?)\]}]+$/g, ''))
    .filter((word) => word !== '')

function ofLine(line: string): Omit<Recognised, 'line'>[] {
  const whole = trimmed(line)
  const kind = kindOf(whole)
  if (kind) return [{ kind, value: whole }]
  const labelled =
    /^(md5|sha-?1|sha-?256|imphash|ip|cidr|domain|url|email|file ?name|path|mutex|user|sid)\s*[:=]\s*(\S.*)$/i.exec(
      whole,
    )
  if (labelled) {
    const value = trimmed(labelled[2]!)
    const said = labels[labelled[1]!.toLowerCase().replace(/[- ]/g, '')]!
    const seen = kindOf(value)
    if (said === 'imphash' && seen === 'md5') return [{ kind: 'imphash', value }]
    if (seen) return [{ kind: seen, value }]
    if (!/\s/.test(value) || ['mutex', 'user', 'file_path', 'file_name'].includes(said)) return [{ kind: said, value }]
  }
  return wordsOf(line).flatMap((word) => {
    const known = kindOf(word)
    return known ? [{ kind: known, value: word }] : []
  })
}

const labels: Record<string, IndicatorKind> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  imphash: 'imphash',
  ip: 'ip',
  cidr: 'cidr',
  domain: 'domain',
  url: 'url',
  email: 'email',
  filename: 'file_name',
  path: 'file_path',
  mutex: 'mutex',
  user: 'user',
  sid: 'sid',
}

/** Finds the indicators in a pasted text: a list with one a line, or the sentences of a report. */
export function recognise(text: string): Recognition {
  const found = new Map<string, Recognised>()
  const others: Recognition['others'] = []
  let duplicates = 0
  for (const [at, raw] of text.split(/\r\n|\r|\n/).entries()) {
    if (raw.trim() === '') continue
    const here = ofLine(refang(raw.replaceAll('\0', '')))
    if (here.length === 0) others.push({ line: at + 1, text: raw.trim().slice(0, 500) })
    for (const one of here) {
      const key = `${one.kind}\n${folded(one.value)}`
      if (found.has(key)) duplicates++
      else if (found.size < most) {
        const broad = whyBroad(one)
        found.set(key, { ...one, line: at + 1, ...(broad && { broad }) })
      }
    }
  }
  return { found: [...found.values()], duplicates, others: others.slice(0, 1000) }
}
