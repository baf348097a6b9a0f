const [QUOTE, BACKSLASH, OPEN, OPEN_ARRAY, CLOSE, CLOSE_ARRAY, COMMA] = [34, 92, 123, 91, 125, 93, 44] as const

/** A value's place in a line. */
export interface Slice {
  from: number
  to: number
}

/** The end of the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  let end = text.indexOf('"', at + 1)
  for (;;) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
    end = text.indexOf('"', end + 1)
  }
}

function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) <= 32) at++
  return at
}

/** The end of the value that begins at `at`, however deeply it is nested. */
function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return stringEnd(text, at)
  if (first !== OPEN && first !== OPEN_ARRAY) {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === COMMA || code === CLOSE || code === CLOSE_ARRAY || code <= 32) break
    }
    return at
  }
  for (let depth = 0; ;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = stringEnd(text, at)
      continue
    }
    at++
    if (code === OPEN || code === OPEN_ARRAY) depth++
    else if ((code === CLOSE || code === CLOSE_ARRAY) && --depth === 0) return at
  }
}

/** The text that a string in JSON means. */
export const readString = (source: string) =>
  source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1)

/** Visits the members of the object that begins at `at`, repeated keys included; false where none begins there. The text is JSON. */
export function eachMember(
  text: string,
  at: number,
  visit: (key: string, value: Slice, begins: number) => void,
): boolean {
  at = skipSpace(text, at)
  if (text.charCodeAt(at) !== OPEN) return false
  at = skipSpace(text, at + 1)
  while (text.charCodeAt(at) !== CLOSE) {
    const begins = at
    const keyEnd = stringEnd(text, at)
    const from = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const to = valueEnd(text, from)
    visit(readString(text.slice(begins, keyEnd)), { from, to }, begins)
    at = skipSpace(text, to)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return true
}

/** The same of the elements of an array. */
export function eachElement(text: string, at: number, visit: (value: Slice) => void): boolean {
  if (text.charCodeAt(at) !== OPEN_ARRAY) return false
  at = skipSpace(text, at + 1)
  while (text.charCodeAt(at) !== CLOSE_ARRAY) {
    const to = valueEnd(text, at)
    visit({ from: at, to })
    at = skipSpace(text, to)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
  }
  return true
}
