/** What speaks to which route: Feed and Backfill are one, as nothing on the wire tells them apart. */
export const senderKinds = ['feed', 'events', 'elastic', 'splunk', 'logscale', 'webdav', 'import', 'ingest'] as const
export type SenderKind = (typeof senderKinds)[number]

export type SenderState = 'never' | 'learning' | 'sends' | 'refused' | 'stopped'

interface Rhythm {
  kind: string | null
  lastAt: Date | null
  takenAt: Date | null
  refusedAt: Date | null
  minutes: number | null
  /** Seconds. */
  usualPause: number | null
  /** Minutes. */
  silentAfter: number | null
}

/** In how many minutes a sender must have spoken before its silence means anything. */
export const regularMinutes = 20
const leastSilence = 15 * 60
const pauses = 2

/**
 * After how many seconds of silence a sender has stopped: what somebody said, else twice its longest usual pause, and a
 * quarter of an hour at least. Null where nobody can tell, or somebody said never.
 */
export function silenceLimit({ minutes, usualPause, silentAfter }: Rhythm): number | null {
  if (silentAfter !== null) return silentAfter === 0 ? null : silentAfter * 60
  if ((minutes ?? 0) < regularMinutes) return null
  return Math.max(leastSilence, pauses * (usualPause ?? 0))
}

export function stateOf(sender: Rhythm, now: Date): SenderState {
  if (sender.kind === null || sender.lastAt === null) return 'never'
  if (sender.refusedAt && (!sender.takenAt || sender.refusedAt > sender.takenAt)) return 'refused'
  const limit = silenceLimit(sender)
  if (limit !== null && now.getTime() - sender.lastAt.getTime() > limit * 1000) return 'stopped'
  return limit === null && sender.silentAfter === null ? 'learning' : 'sends'
}
