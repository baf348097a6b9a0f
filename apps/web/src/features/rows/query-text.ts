const quoted = /"(?:\\+"|[^"])*"/y
const regex = /\/(?:\\.|[^\\/\n])+\/(?=[\s)|]|$)/y

/** Where each sign of a query begins that stands outside of quotes and regular expressions. */
function* plainSigns(query: string): Generator<number> {
  for (let at = 0; at < query.length;) {
    const begins = at === 0 || /[\s(:]/.test(query[at - 1]!)
    const pattern = query[at] === '"' ? quoted : query[at] === '/' && begins ? regex : undefined
    if (pattern) pattern.lastIndex = at
    const found = pattern?.exec(query)?.[0].length
    if (found === undefined) yield at
    at += found ?? 1
  }
}

/** The conditions of a query, and its pipes. */
export function filterAndPipes(query: string): { filter: string; pipes: string } {
  for (const at of plainSigns(query))
    if (query[at] === '|') return { filter: query.slice(0, at).trim(), pipes: query.slice(at).trim() }
  return { filter: query.trim(), pipes: '' }
}

const isAlternative = (filter: string) => {
  for (const at of plainSigns(filter)) if (/^\sOR(?![^\s()|])/.test(filter.slice(at, at + 4))) return true
  return false
}

/** One more condition, before the pipes. */
export function narrowed(query: string, term: string): string {
  const { filter, pipes } = filterAndPipes(query)
  return [isAlternative(filter) ? `(${filter})` : filter, term, pipes].filter((part) => part !== '').join(' ')
}

/** The same conditions, counted by a field. */
export function grouped(query: string, field: string): string {
  const { filter } = filterAndPipes(query)
  return `${filter} | groupby ${field}`.trim()
}
