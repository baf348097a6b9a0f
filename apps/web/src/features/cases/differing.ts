/** Marks the lines of a text that the other text lacks, between what both begin and end with. */
export function differing(text: string, other: string) {
  const [lines, others] = [text.split('\n'), other.split('\n')]
  let start = 0
  while (start < lines.length && start < others.length && lines[start] === others[start]) start++
  let end = 0
  while (
    end < lines.length - start &&
    end < others.length - start &&
    lines[lines.length - 1 - end] === others[others.length - 1 - end]
  )
    end++
  return lines.map((line, i) => ({ line, differs: i >= start && i < lines.length - end }))
}

/** Both texts in one, for a merge by hand: what is the same once, what differs one after the other. */
export function joined(theirs: string, mine: string) {
  const [a, b] = [differing(theirs, mine), differing(mine, theirs)]
  const first = a.findIndex((line) => line.differs)
  const at = first >= 0 ? first : b.findIndex((line) => line.differs)
  if (at < 0) return mine
  const own = b.filter((line) => line.differs)
  const after = a.filter((line) => line.differs).length + at
  return [...a.slice(0, after), ...own, ...a.slice(after)].map(({ line }) => line).join('\n')
}
