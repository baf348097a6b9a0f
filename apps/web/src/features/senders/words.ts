import type { Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'

export type Sender = Outputs['senders']['list']['rows'][number]

export const kindWords: Record<string, string> = {
  feed: 'Feed or Backfill',
  events: 'Events',
  elastic: 'Elastic _bulk',
  splunk: 'Splunk HEC',
  logscale: 'LogScale',
  webdav: 'WebDAV PUT',
  import: 'import by a script',
  ingest: 'curl or a script',
}

/** "40 s", "12 min", "26 h", "3 days": how long something takes or took. */
export function duration(seconds: number) {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${count(Math.round(seconds / 86_400))} days`
}

export const bound = ({ server, orgId }: Pick<Sender, 'server' | 'orgId'>) =>
  server ? `${server} / ${orgId}` : 'no server named'

/** Why a sender needs somebody, in one sentence; undefined where it does not. */
export function trouble({ state, refusedStatus, refusedReason, silenceLimit }: Sender) {
  if (state === 'refused') return `Refused (${refusedStatus}): ${refusedReason}`
  if (state === 'stopped') return `Silent for longer than ${duration(silenceLimit!)}`
  return undefined
}
