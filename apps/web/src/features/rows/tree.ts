import type { AskedFor } from '@velocicompanion/api/rows/input'

/** A row in its own order, with duplicate keys and numbers as they were written: what `JSON.parse` would lose. */
export type Node =
  | { kind: 'object'; entries: [key: string, value: Node][] }
  | { kind: 'array'; items: Node[] }
  | { kind: 'text'; value: string }
  | { kind: 'plain'; text: string }

interface Reader {
  text: string
  at: number
}

/** Reads one JSON text. Throws a SyntaxError for anything else. */
export function parseTree(text: string): Node {
  const reader = { text, at: 0 }
  const node = readNode(reader)
  skipSpace(reader)
  if (reader.at < text.length) throw new SyntaxError('more than one value')
  return node
}

function readNode(reader: Reader): Node {
  skipSpace(reader)
  const sign = reader.text[reader.at]
  if (sign === '{') return { kind: 'object', entries: readMany(reader, '}', readEntry) }
  if (sign === '[') return { kind: 'array', items: readMany(reader, ']', readNode) }
  if (sign === '"') return { kind: 'text', value: readText(reader) }
  return { kind: 'plain', text: take(reader, /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y) }
}

function readEntry(reader: Reader): [string, Node] {
  skipSpace(reader)
  const key = readText(reader)
  skipSpace(reader)
  take(reader, /:/y)
  return [key, readNode(reader)]
}

function readMany<T>(reader: Reader, end: string, read: (reader: Reader) => T): T[] {
  const found: T[] = []
  reader.at++
  skipSpace(reader)
  if (reader.text[reader.at] === end) {
    reader.at++
    return found
  }
  for (;;) {
    found.push(read(reader))
    skipSpace(reader)
    const sign = reader.text[reader.at++]
    if (sign === end) return found
    if (sign !== ',') throw new SyntaxError(`a comma is missing at ${reader.at}`)
  }
}

function readText(reader: Reader): string {
  const start = reader.at
  if (reader.text[start] !== '"') throw new SyntaxError(`a text is missing at ${start}`)
  let at = start + 1
  while (at < reader.text.length && reader.text[at] !== '"') at += reader.text[at] === '\\' ? 2 : 1
  reader.at = at + 1
  return JSON.parse(reader.text.slice(start, reader.at)) as string
}

function take(reader: Reader, pattern: RegExp) {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)
  if (!found) throw new SyntaxError(`not JSON at ${reader.at}`)
  reader.at = pattern.lastIndex
  return found[0]
}

function skipSpace(reader: Reader) {
  while (/[ \t\r\n]/.test(reader.text[reader.at] ?? '')) reader.at++
}

/** A leaf as what a query asks for; `undefined` where there is none. What is empty has no value either. */
export function leafValue(node: Node | undefined): AskedFor {
  if (node?.kind === 'text') return node.value
  if (node?.kind !== 'plain') return undefined
  if (node.text === 'null') return null
  return /^[tf]/.test(node.text) ? node.text === 'true' : { number: node.text }
}

/** Every leaf by its place, with `[n]` for the elements of arrays. */
export function leavesOf(node: Node, at = '', found = new Map<string, Node>()): Map<string, Node> {
  if (node.kind === 'object')
    for (const [key, value] of node.entries) leavesOf(value, at === '' ? key : `${at}.${key}`, found)
  else if (node.kind === 'array') node.items.forEach((item, i) => leavesOf(item, `${at}[${i}]`, found))
  else found.set(found.has(at) ? `${at} (again ${found.size})` : at, node)
  return found
}
