import type { Piece } from '../language/ast.ts'

/** Texts and single characters between two stars. */
type Segment = (string | undefined)[]

/** Whether a folded text as a whole fits a pattern of `*` and `?`: in the worst case length times length, never more. */
export function globOf(pieces: Piece[]): (text: string) => boolean {
  const segments: Segment[] = [[]]
  for (const piece of pieces) {
    if ('text' in piece) segments.at(-1)!.push(piece.text)
    else if (piece.wild === '?') segments.at(-1)!.push(undefined)
    else segments.push([])
  }
  const [first, ...others] = segments as [Segment, ...Segment[]]
  const last = others.pop()
  if (!last) return (text) => matchAt(text, 0, first) === text.length
  const [only] = others
  if (first.length === 0 && last.length === 0 && others.length === 1 && only!.length === 1 && only![0] !== undefined) {
    const part = only![0]
    return (text) => text.includes(part)
  }
  return (text) => {
    let at = matchAt(text, 0, first)
    for (const segment of others) {
      if (at < 0) return false
      at = findFrom(text, at, segment)
    }
    return at >= 0 && matchBack(text, last) >= at
  }
}

const sizeOf = (text: string, at: number) => (text.codePointAt(at)! > 0xffff ? 2 : 1)

/** The end of the segment at a place; -1 when it is not there. */
function matchAt(text: string, start: number, segment: Segment): number {
  let at = start
  for (const part of segment) {
    if (part === undefined) {
      if (at >= text.length) return -1
      at += sizeOf(text, at)
    } else if (text.startsWith(part, at)) at += part.length
    else return -1
  }
  return at
}

function findFrom(text: string, start: number, segment: Segment): number {
  const [head] = segment
  for (let at = start; at <= text.length;) {
    if (head !== undefined && (at = text.indexOf(head, at)) < 0) return -1
    const end = matchAt(text, at, segment)
    if (end >= 0) return end
    if (at >= text.length) return -1
    at += sizeOf(text, at)
  }
  return -1
}

/** Where the segment begins that ends the text; -1 when none does. */
function matchBack(text: string, segment: Segment): number {
  let end = text.length
  for (const part of segment.toReversed()) {
    if (part === undefined) {
      if (end <= 0) return -1
      end -= end >= 2 && sizeOf(text, end - 2) === 2 ? 2 : 1
    } else if (text.endsWith(part) && end === text.length) end -= part.length
    else if (end - part.length >= 0 && text.startsWith(part, end - part.length)) end -= part.length
    else return -1
  }
  return end
}
