import type { IndicatorKind } from '../input.ts'
import { kindOf } from '../recognise/rules.ts'
import type { FileIndicator, ReadFile } from './file.ts'

const typeOf: Record<IndicatorKind, string> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  imphash: 'imphash',
  ip: 'ip-dst',
  cidr: 'ip-dst',
  domain: 'domain',
  url: 'url',
  email: 'email',
  file_name: 'filename',
  file_path: 'filename',
  registry_key: 'regkey',
  user: 'target-user',
  sid: 'other',
  certificate: 'x509-fingerprint-sha256',
  ssh_key: 'ssh-fingerprint',
  mutex: 'mutex',
  other: 'other',
}
const categoryOf: Record<string, string> = {
  'ip-dst': 'Network activity',
  domain: 'Network activity',
  url: 'Network activity',
  email: 'Network activity',
  'target-user': 'Targeting data',
  other: 'Other',
  regkey: 'Artifacts dropped',
  mutex: 'Artifacts dropped',
  'ssh-fingerprint': 'Network activity',
  'x509-fingerprint-sha256': 'Network activity',
}
const kindOfType: Record<string, IndicatorKind> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  imphash: 'imphash',
  'ip-src': 'ip',
  'ip-dst': 'ip',
  domain: 'domain',
  hostname: 'domain',
  url: 'url',
  uri: 'url',
  email: 'email',
  'email-src': 'email',
  'email-dst': 'email',
  filename: 'file_name',
  regkey: 'registry_key',
  'target-user': 'user',
  mutex: 'mutex',
  'x509-fingerprint-sha256': 'certificate',
  'x509-fingerprint-sha1': 'certificate',
  'x509-fingerprint-md5': 'certificate',
  'ssh-fingerprint': 'ssh_key',
  other: 'other',
  text: 'other',
}

type Json = Record<string, unknown>
const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const arrayOf = (value: unknown) => (Array.isArray(value) ? (value as Json[]) : [])
const tagsOf = (from: Json) =>
  arrayOf(from?.['Tag'])
    .map((tag) => textOf(tag?.['name']))
    .filter((name) => name !== '')
/** Ours that MISP has no type for; the rest of an attribute says it as a tag. */
const mark = 'velocicompanion:kind="'

/** Reads an event, or several; attributes of objects too. Those without to_ids are named, and not taken. */
export function readMisp(json: unknown): ReadFile {
  const root = json as Json
  const events = Array.isArray(json)
    ? (json as Json[])
    : Array.isArray(root?.['response'])
      ? arrayOf(root['response'])
      : [root]
  const indicators: FileIndicator[] = []
  const others: ReadFile['others'] = []
  for (const [e, wrapped] of events.entries()) {
    const event = (wrapped?.['Event'] ?? wrapped) as Json
    const start = events.length === 1 ? '$.Event' : `$[${e}].Event`
    const inObjects = arrayOf(event?.['Object']).flatMap((object, o) =>
      arrayOf(object?.['Attribute']).map((one, i) => ({ one, at: `${start}.Object[${o}].Attribute[${i}]` })),
    )
    const plain = arrayOf(event?.['Attribute']).map((one, i) => ({ one, at: `${start}.Attribute[${i}]` }))
    for (const { one, at } of [...plain, ...inObjects]) {
      const read = attributesOf(one, tagsOf(event))
      if (read.length > 0) indicators.push(...read.map((found) => ({ ...found, at })))
      else others.push({ at, text: JSON.stringify(one).slice(0, 5000) })
    }
  }
  return { indicators, others }
}

function attributesOf(one: Json, ofEvent: string[]): FileIndicator[] {
  const type = textOf(one?.['type'])
  const value = textOf(one?.['value'])
  if (value === '' || one['to_ids'] === false || one['to_ids'] === '0') return []
  const types = type.split('|')
  const values = types.length > 1 ? value.split('|') : [value]
  if (types.length !== values.length) return []
  const own = tagsOf(one)
  const said = own.find((tag) => tag.startsWith(mark))
  const [saidKind, saidMatch = 'exact'] = said ? said.slice(mark.length, -1).split(' ') : []
  const tags = [...new Set([...ofEvent, ...own.filter((tag) => tag !== said)])].slice(0, 100)
  const dated = (key: string) => {
    const text = textOf(one[key])
    return text !== '' && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null
  }
  return types.flatMap((part, i) => {
    const kind = (saidKind as IndicatorKind | undefined) ?? kindOfType[part]
    if (!kind || values[i] === '' || part === 'port') return []
    const seen = kind === 'ip' && kindOf(values[i]!) === 'cidr' ? 'cidr' : kind
    return [
      {
        kind: seen,
        match: saidMatch as 'exact' | 'wildcard' | 'regex',
        value: values[i]!,
        note: textOf(one['comment']).slice(0, 5000),
        tags,
        validFrom: dated('first_seen'),
        validUntil: dated('last_seen'),
        origin: { misp: textOf(one['uuid']) },
      },
    ]
  })
}

const plainKinds = new Set(Object.entries(kindOfType).map(([type, kind]) => `${type} ${kind}`))

/** An event with an attribute for each value. */
export function writeMisp(indicators: FileIndicator[], { name, now }: { name: string; now: Date }) {
  const attributes = indicators.map((one) => {
    const type = typeOf[one.kind]
    const plain = one.match === 'exact' && (one.kind === 'cidr' || plainKinds.has(`${type} ${one.kind}`))
    const tags = [...one.tags, ...(plain ? [] : [`${mark}${one.kind} ${one.match}"`])]
    return {
      uuid: crypto.randomUUID(),
      type,
      category: categoryOf[type] ?? 'Payload delivery',
      value: one.value,
      to_ids: true,
      comment: one.note,
      timestamp: String(Math.floor(now.getTime() / 1000)),
      ...(one.validFrom && { first_seen: one.validFrom }),
      ...(one.validUntil && { last_seen: one.validUntil }),
      ...(tags.length > 0 && { Tag: tags.map((tag) => ({ name: tag })) }),
    }
  })
  const event = {
    uuid: crypto.randomUUID(),
    info: name,
    date: now.toISOString().slice(0, 10),
    threat_level_id: '2',
    analysis: '2',
    distribution: '0',
    timestamp: String(Math.floor(now.getTime() / 1000)),
    Attribute: attributes,
  }
  return { text: `${JSON.stringify({ Event: event }, null, 2)}\n`, left: [] as string[] }
}
