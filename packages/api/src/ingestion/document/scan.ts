/** A JSON value's bytes: from `start` up to `end`. */
export interface Span {
  start: number
  end: number
}

export interface Member extends Span {
  key: string
}

/** Thrown where the bytes are not JSON; the message says at which byte. */
export class NotJson extends Error {}

const [TAB, LF, CR, SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [9, 10, 13, 32, 34, 44, 58, 92] as const
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [91, 93, 123, 125] as const

const isSpace = (code: number | undefined) => code === SPACE || code === LF || code === TAB || code === CR

const behindSpace = (bytes: Buffer, at: number) => {
  while (isSpace(bytes[at])) at++
  return at
}

const broken = (at: number) => new NotJson(`not JSON at byte ${at}`)

function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at + 1
  }
  throw broken(start)
}

/** The end of the value that begins at `start`. What is inside is not checked: whoever reads it parses it. */
function endOfValue(bytes: Buffer, start: number): number {
  if (bytes[start] === QUOTE) return endOfString(bytes, start)
  let depth = 0
  let at = start
  for (; at < bytes.length; at++) {
    const code = bytes[at]
    if (code === QUOTE) at = endOfString(bytes, at) - 1
    else if (code === OBJECT || code === ARRAY) depth++
    else if (code === OBJECT_END || code === ARRAY_END) {
      if (depth === 0) break
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (code === COMMA || isSpace(code))) break
  }
  if (depth > 0 || at === start) throw broken(start)
  return at
}

/** Walks the items of an array or object that opens at `start`; returns where it ends. */
function eachItem(bytes: Buffer, start: number, close: number, item: (at: number) => number): number {
  let at = behindSpace(bytes, start + 1)
  if (bytes[at] === close) return at + 1
  for (;;) {
    at = behindSpace(bytes, item(at))
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== COMMA) throw broken(at)
    at = behindSpace(bytes, at + 1)
  }
}

/** Where the members of the object that opens at `start` stand, repeated keys included. */
export function membersIn(bytes: Buffer, { start }: Pick<Span, 'start'>): { members: Member[]; end: number } {
  if (bytes[start] !== OBJECT) throw broken(start)
  const members: Member[] = []
  const end = eachItem(bytes, start, OBJECT_END, (at) => {
    if (bytes[at] !== QUOTE) throw broken(at)
    const endOfKey = endOfString(bytes, at)
    const colon = behindSpace(bytes, endOfKey)
    if (bytes[colon] !== COLON) throw broken(colon)
    const value = behindSpace(bytes, colon + 1)
    const end = endOfValue(bytes, value)
    members.push({ key: readJson(bytes, { start: at, end: endOfKey }) as string, start: value, end })
    return end
  })
  return { members, end }
}

/** Where the members of the one object of a document stand. */
export function membersOf(bytes: Buffer): Member[] {
  const { members, end } = membersIn(bytes, { start: behindSpace(bytes, 0) })
  const rest = behindSpace(bytes, end)
  if (rest < bytes.length) throw broken(rest)
  return members
}

/** Where the values of a body stand that holds one behind the other. */
export function* valuesIn(bytes: Buffer): Generator<Span, void, void> {
  for (let start = behindSpace(bytes, 0); start < bytes.length;) {
    const end = endOfValue(bytes, start)
    yield { start, end }
    start = behindSpace(bytes, end)
  }
}

/** Where the elements of an array stand. */
export function elementsOf(bytes: Buffer, { start }: Span): Span[] {
  const elements: Span[] = []
  eachItem(bytes, start, ARRAY_END, (at) => {
    const end = endOfValue(bytes, at)
    elements.push({ start: at, end })
    return end
  })
  return elements
}

export const isArray = (bytes: Buffer, { start }: Span) => bytes[start] === ARRAY
export const isObject = (bytes: Buffer, { start }: Span) => bytes[start] === OBJECT

/** Parses the value; the answer is JavaScript's own idea of it. */
export function readJson(bytes: Buffer, { start, end }: Span): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    throw broken(start)
  }
}
