/** A number that JavaScript can't hold or would write in another way: its exact source. */
export interface ExactNumber {
  number: string
}

/** An object with every member in the order sent, repeated keys included. */
export interface ExactObject {
  keys: string[]
  values: Exact[]
}

/** JSON without loss. A JavaScript number stands only where `String(number)` is the source. */
export type Exact = null | boolean | number | string | ExactNumber | Exact[] | ExactObject

export const isExactNumber = (value: Exact): value is ExactNumber =>
  typeof value === 'object' && value !== null && 'number' in value

/**
 * Whether what JSON.parse made of a text holds all of it. Writing it again gives the same text only if no key is repeated, no
 * number was rounded or written in another way, and nothing else differs: a sender can't craft an exception. False is no
 * verdict (white space and `\u003c` differ too), it only means that parseExact has to look.
 */
export function isWhole(parsed: unknown, text: string): boolean {
  try {
    return JSON.stringify(parsed) === text
  } catch {
    return false // nested too deeply for JSON.stringify
  }
}

const QUOTE = 34
const BACKSLASH = 92

/** The end of the string that begins at `start`, its closing quote included. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  for (;;) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
    end = text.indexOf('"', end + 1)
  }
}

function readString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inner
}

function readWord(source: string): Exact {
  if (source === 'true') return true
  if (source === 'false') return false
  if (source === 'null') return null
  const number = Number(source)
  return String(number) === source ? number : { number: source }
}

const endOfWord = /[\s,\]}]|$/g

interface Open {
  array?: Exact[]
  object?: ExactObject
}

/** Reads a text that JSON.parse has accepted. Keeps its own stack, so that depth is bounded by the text alone. */
export function parseExact(text: string): Exact {
  const stack: Open[] = []
  let open: Open = { array: [] }
  const root = open.array!
  let key: string | undefined
  const put = (value: Exact) => {
    if (open.array) open.array.push(value)
    else if (key === undefined) key = value as string
    else {
      open.object!.keys.push(key)
      open.object!.values.push(value)
      key = undefined
    }
  }
  const enter = (inner: Open) => {
    put(inner.array ?? inner.object!)
    stack.push(open)
    open = inner
  }
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      put(readString(text, at, end))
      at = end
    } else if (code === 123 /* { */ || code === 91 /* [ */) {
      enter(code === 91 ? { array: [] } : { object: { keys: [], values: [] } })
      at++
    } else if (code === 125 || code === 93) {
      open = stack.pop()!
      at++
    } else if (code <= 32 || code === 44 /* , */ || code === 58 /* : */) at++
    else {
      endOfWord.lastIndex = at
      const end = endOfWord.exec(text)!.index
      put(readWord(text.slice(at, end)))
      at = end
    }
  }
  return root[0]!
}

/** Compact JSON of a value with numbers as sent and repeated keys kept; `leaf` sees each string and number once, in order. */
export function writeExact(value: Exact, leaf?: (text: string) => void): string {
  const parts: string[] = []
  const todo: (Exact | { done: string })[] = [value]
  while (todo.length > 0) {
    const next = todo.pop()!
    if (typeof next === 'string') {
      leaf?.(next)
      parts.push(JSON.stringify(next))
    } else if (next === null || typeof next === 'boolean') parts.push(String(next))
    else if (typeof next === 'number') {
      leaf?.(String(next))
      parts.push(String(next))
    } else if (Array.isArray(next)) {
      todo.push({ done: ']' })
      for (let i = next.length - 1; i >= 0; i--) todo.push(next[i]!, { done: i > 0 ? ',' : '[' })
      if (next.length === 0) parts.push('[')
    } else if ('done' in next) parts.push(next.done)
    else if ('number' in next) {
      leaf?.(next.number)
      parts.push(next.number)
    } else {
      todo.push({ done: '}' })
      for (let i = next.keys.length - 1; i >= 0; i--)
        todo.push(next.values[i]!, { done: `${i > 0 ? ',' : '{'}${JSON.stringify(next.keys[i])}:` })
      if (next.keys.length === 0) parts.push('{')
    }
  }
  return parts.join('')
}
