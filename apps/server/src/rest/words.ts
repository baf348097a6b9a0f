/** Members that hold others' words: what is inside is never renamed. */
const opaque = new Set(['hostMetadata', 'artifactMetadata', 'data', 'detail'])

export const snake = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
export const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** An answer of a procedure in REST's words: keys in snake_case, times as RFC 3339. */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [snake(key), opaque.has(key) ? inner : snakeKeys(inner)]),
  )
}
