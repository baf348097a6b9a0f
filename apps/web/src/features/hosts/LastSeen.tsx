import { Time } from '../../ui/Time.tsx'

const lateAfter = 24 * 3_600_000

export const isLate = (at: Date | string) => Date.now() - new Date(at).getTime() > lateAfter

/** Amber when a host has been quiet for more than a day. */
export const LastSeen = ({ at }: { at: Date | string }) => (
  <span style={isLate(at) ? { color: 'var(--vc-medium)', fontWeight: 550 } : undefined}>
    <Time at={at} />
  </span>
)
