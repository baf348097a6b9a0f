import type { LinkProps } from '@tanstack/react-router'
import type { Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { visible } from '../../ui/evidence.tsx'
import { receivedWords } from '../../ui/Meter.tsx'
import type { Level } from '../../ui/Severity.tsx'
import { bound, trouble, type Sender } from '../senders/words.ts'

/** Something that waits for a person: one line with one action. */
export interface Need {
  key: string
  level: Level
  kind: string
  title: string
  /** What more there is to say; evidence in it is text. */
  detail: string
  tenantId: number | undefined
  at: string | Date | undefined
  action: string
  link: LinkProps
}

type Rejected = Outputs['ingestion']['rejected']
type Collection = Outputs['collections']['list']['rows'][number]
type Hunt = Outputs['collections']['hunts']['rows'][number]
type Damaged = Outputs['ingestion']['overview']['blocks']['damaged'][number]
type Host = Outputs['hosts']['list']['rows'][number]
type Unanswered = Outputs['collections']['whole']['unanswered']
type Notification = Outputs['notifications']['list']['rows'][number]

/** Across tenants a page is that of the line's own tenant. */
type In = (tenantId: number) => { tenant?: number }

export const ofWarnings = (warnings: Outputs['health']['status']['warnings']): Need[] =>
  warnings.map(({ id, text }) => ({
    key: `warning ${id}`,
    level: 'critical',
    kind: 'Storage',
    title: text,
    detail: 'This server, for every tenant',
    tenantId: undefined,
    at: undefined,
    action: 'Show ingestion',
    link: { to: '/ingestion' },
  }))

export const ofSenders = (senders: Sender[], to: In): Need[] =>
  senders.map((sender) => ({
    key: `sender ${sender.tenantId} ${sender.tokenId} ${sender.kind}`,
    level: sender.state === 'refused' ? 'high' : 'medium',
    kind: 'Sender',
    title: `${visible(sender.token)}: ${visible(trouble(sender) ?? '')}`,
    detail: visible(bound(sender)),
    tenantId: sender.tenantId,
    at: sender.lastAt ?? undefined,
    action: 'Show sender',
    link: { to: '/ingestion', search: to(sender.tenantId) },
  }))

export const ofDamaged = (damaged: Damaged[], to: In): Need[] =>
  [...groupedBy(damaged, ({ tenantId, sourceId }) => `${tenantId} ${sourceId}`)].map(([key, blocks]) => ({
    key: `damaged ${key}`,
    level: 'high',
    kind: 'Damaged rows',
    title: `${plural(
      blocks.reduce((sum, { rows }) => sum + rows, 0),
      'row',
    )} of ${visible(blocks[0]!.source)} can not be read`,
    detail: `${plural(blocks.length, 'block')}: ${blocks[0]!.reason}`,
    tenantId: blocks[0]!.tenantId,
    at: blocks[0]!.foundAt,
    action: 'Show blocks',
    link: { to: '/ingestion', search: to(blocks[0]!.tenantId) },
  }))

const huntKey = ({ tenantId, huntId }: { tenantId: number; huntId: string | null }) => `${tenantId} ${huntId}`

/** Hunts first; a collection of a hunt that has its line needs none of its own. */
export function ofIncomplete(hunts: Hunt[], collections: Collection[], to: In): Need[] {
  const told = new Set(hunts.map(huntKey))
  return [
    ...hunts.map((hunt): Need => ({
      key: `hunt ${huntKey(hunt)} ${hunt.serverId}`,
      level: 'medium',
      kind: 'Hunt',
      title: `${visible(hunt.description ?? hunt.huntId)}: ${count(hunt.incomplete)} of ${plural(hunt.collections, 'collection')} incomplete`,
      detail: `${receivedWords({ received: hunt.rowsReceived, expected: hunt.rowsExpected })} rows received`,
      tenantId: hunt.tenantId,
      at: hunt.updatedAt,
      action: 'Show hunt',
      link: { to: '/collections', search: { huntId: hunt.huntId, incomplete: true, ...to(hunt.tenantId) } },
    })),
    ...collections
      .filter((collection) => collection.huntId === null || !told.has(huntKey(collection)))
      .map((collection): Need => ({
        key: `collection ${collection.tenantId} ${collection.id}`,
        level: 'medium',
        kind: 'Delivery',
        title: `${collection.flowId ?? 'Collection'} incomplete: ${receivedWords({ received: collection.rowsReceived, expected: collection.rowsExpected })} rows received`,
        detail: `${visible(collection.hostname)}${collection.artifacts.length > 0 ? `, ${visible(collection.artifacts.join(', '))}` : ''}`,
        tenantId: collection.tenantId,
        at: collection.updatedAt,
        action: 'Show collection',
        link: { to: '/collections/$id', params: { id: String(collection.id) }, search: to(collection.tenantId) },
      })),
  ]
}

/** One line for each tenant. The list may be longer than its page: then the counts are the least there are. */
export const ofRejected = ({ rows, total }: Rejected, to: In): Need[] =>
  [...groupedBy(rows, ({ tenantId }) => tenantId)].map(([tenantId, lines], _, { length }) => ({
    key: `aside ${tenantId}`,
    level: 'low',
    kind: 'Set aside',
    title: `${length === 1 ? '' : total > rows.length ? 'at least ' : ''}${plural(length === 1 ? total : lines.length, 'line')} set aside`,
    detail: `${lines[0]!.hostname ? `${visible(lines[0]!.hostname)}, ` : ''}newest: ${lines[0]!.reason}`,
    tenantId,
    at: lines[0]!.createdAt,
    action: 'Show lines',
    link: { to: '/ingestion', hash: 'aside', search: to(tenantId) },
  }))

export const ofQuiet = (hosts: Host[], isLate: (at: string | Date) => boolean, to: In): Need[] =>
  [
    ...groupedBy(
      hosts.filter((host) => isLate(host.lastSeen)),
      ({ tenantId }) => tenantId,
    ),
  ].map(([tenantId, late]) => ({
    key: `quiet ${tenantId}`,
    level: 'low',
    kind: 'Hosts',
    title: `${late.length < hosts.length || hosts.length < mostHosts ? '' : 'at least '}${plural(late.length, 'host')} quiet for more than a day`,
    detail: named(late.map(({ hostname }) => hostname)),
    tenantId,
    at: late.at(-1)!.lastSeen,
    action: 'Show hosts',
    link: { to: '/hosts', search: { direction: 'asc', ...to(tenantId) } },
  }))

/** As many hosts are looked at, those that are quiet for longest first. */
export const mostHosts = 200

export const ofUnanswered = ({ rows, total }: Unanswered, to: In): Need[] =>
  [...groupedBy(rows, ({ tenantId }) => tenantId)].map(([tenantId, silent], _, { length }) => ({
    key: `unanswered ${tenantId}`,
    level: 'low',
    kind: 'Hosts',
    title: `${length > 1 && total > rows.length ? 'at least ' : ''}${plural(length === 1 ? total : silent.length, 'host')} did not answer a collection`,
    detail: named(silent.map(({ hostname }) => hostname)),
    tenantId,
    at: silent[0]!.startedAt ?? undefined,
    action: silent.length === 1 ? 'Show collection' : 'Show collections',
    link:
      silent.length === 1
        ? { to: '/collections/$id', params: { id: String(silent[0]!.id) }, search: to(tenantId) }
        : { to: '/collections', search: to(tenantId) },
  }))

const told: Record<string, { kind: string; level: Level; action: string }> = {
  export: { kind: 'Export', level: 'info', action: 'Show export' },
  case: { kind: 'Case', level: 'medium', action: 'Open case' },
  indicator: { kind: 'Indicator', level: 'high', action: 'Open rows' },
  ingestion: { kind: 'Ingestion', level: 'medium', action: 'Show ingestion' },
}

/** Those that lead somewhere: the others ask nothing. */
export const ofNotifications = (rows: Notification[]): (Need & { follow: string; id: number })[] =>
  rows.flatMap(({ id, kind, words, link, createdAt }) =>
    link === null
      ? []
      : [
          {
            key: `notification ${id}`,
            ...(told[kind] ?? { kind: 'Notification', level: 'info' as const, action: 'Open' }),
            title: visible(words),
            detail: 'Unread',
            tenantId: undefined,
            at: createdAt,
            link: {},
            follow: link,
            id,
          },
        ],
  )

const levels: Level[] = ['critical', 'high', 'medium', 'low', 'info', 'none']

/** The worst first, and of one level the newest. */
export const inOrder = <T extends Need>(needs: T[]): T[] =>
  needs.toSorted(
    (a, b) =>
      levels.indexOf(a.level) - levels.indexOf(b.level) ||
      compare(timeOf(b.at), timeOf(a.at)) ||
      (a.key < b.key ? -1 : 1),
  )

/** Two without a time are equal; the difference of two infinities would be no number. */
const compare = (a: number, b: number) => (a === b ? 0 : a - b)
const timeOf = (at: string | Date | undefined) => (at === undefined ? Infinity : new Date(at).getTime())

const mostNamed = 3
const named = (names: string[]) => {
  const shown = names.slice(0, mostNamed).map(visible).join(', ')
  return names.length > mostNamed ? `${shown} and ${count(names.length - mostNamed)} more` : shown
}

function groupedBy<T, K>(rows: T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return groups
}
