import { AppError } from '../../errors.ts'
import type { FileFormat, IndicatorKind, IndicatorMatch } from '../input.ts'
import { recognise } from '../recognise/rules.ts'
import { faultOf } from '../rules.ts'
import { readCsv, writeCsv } from './csv.ts'
import { readMisp, writeMisp } from './misp.ts'
import { readStix, writeStix } from './stix.ts'

export interface FileIndicator {
  kind: IndicatorKind
  match: IndicatorMatch
  value: string
  note: string
  tags: string[]
  validFrom: string | null
  validUntil: string | null
  origin: Record<string, unknown>
  /** Its line or path in the file that brought it. */
  at?: string
}

export interface ReadFile {
  indicators: FileIndicator[]
  /** What was not understood, by its line or path. */
  others: { at: string; text: string }[]
}

/** Names of the columns that hold each part. */
export interface CsvMapping {
  value: string
  kind?: string | undefined
  match?: string | undefined
  note?: string | undefined
  tags?: string | undefined
  validFrom?: string | undefined
  validUntil?: string | undefined
}

/** Reads a file whole before anything of it is kept; values that can't be looked for are among the others. */
export function readIndicators(format: FileFormat, text: string, mapping?: CsvMapping): ReadFile {
  const { indicators, others } = readers[format](text, mapping)
  const bad = indicators.flatMap((one) => {
    const why = one.value.length > 10_000 ? 'longer than 10,000 characters' : faultOf(one)
    return why === undefined ? [] : [{ one, why }]
  })
  const faulty = new Set(bad.map(({ one }) => one))
  return {
    indicators: indicators.filter((one) => !faulty.has(one)),
    others: [
      ...others,
      ...bad.map(({ one, why }) => ({
        at: one.at ? `${one.at}, ${why}` : why,
        text: one.value.replaceAll('\0', '\u2400').slice(0, 5000),
      })),
    ],
  }
}

const readers: Record<FileFormat, (text: string, mapping?: CsvMapping) => ReadFile> = {
  text: (text) => {
    const { found, others } = recognise(text)
    const plain = { match: 'exact' as const, note: '', tags: [], validFrom: null, validUntil: null, origin: {} }
    return {
      indicators: found.map(({ kind, value, line }) => ({ ...plain, kind, value, at: `line ${line}` })),
      others: others.map(({ line, text: of }) => ({ at: `line ${line}`, text: of })),
    }
  },
  csv: (text, mapping) => readCsv(text, mapping),
  stix: (text) => readStix(parsed(text)),
  misp: (text) => readMisp(parsed(text)),
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : ''
    // An end that comes too soon has no place in the message.
    const where = /line \d+/.test(why) ? '' : ` (line ${text.split('\n').length})`
    throw new AppError('BAD_REQUEST', `Not JSON: ${why}${where}`)
  }
}

/** `left` are values that the format has no words for. */
export function writeIndicators(
  format: FileFormat,
  indicators: FileIndicator[],
  about: { name: string; now: Date },
): { text: string; left: string[] } {
  if (format === 'csv') return writeCsv(indicators)
  if (format === 'stix') return writeStix(indicators, about)
  if (format === 'misp') return writeMisp(indicators, about)
  const plain = indicators.filter(({ match, value }) => match === 'exact' && !/[\r\n]/.test(value))
  const left = indicators.filter((one) => !plain.includes(one)).map(({ value }) => value)
  return { text: plain.map(({ value }) => `${value}\n`).join(''), left }
}
