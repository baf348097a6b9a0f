export type Level = 'critical' | 'high' | 'medium' | 'low' | 'info' | 'none'

/** The word of a severity; its edge comes from `List`'s or a panel's `sev-…` class. */
export function Severity({ level, word }: { level: Level; word?: string }) {
  return <span className={`sevword sev-${level}`}>{word ?? level[0]!.toUpperCase() + level.slice(1)}</span>
}
