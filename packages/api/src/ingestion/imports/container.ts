/** What a member of a Velociraptor container is, by its name. */
export type Part =
  | { kind: 'context' | 'client' | 'hunt' | 'other' }
  | { kind: 'rows'; of: 'results' | 'combined' | 'uploads' | 'logs'; source: string; format: 'json' | 'csv' }
  | { kind: 'upload' }

const evidence = new Set(['results', 'uploads'])
const contextName = 'collection_context.json'

/** The folder, with its `/`, of a flow in a container: where its context stands, or its results. Undefined for other members. */
export function folderOf(name: string): string | undefined {
  const parts = name.split('/')
  const folders = parts.slice(0, -1)
  const inside = folders.findIndex((part) => evidence.has(part))
  if (inside < 0) return parts.at(-1) === contextName ? name.slice(0, -contextName.length) : undefined
  if (folders[inside] !== 'results') return undefined
  return folders
    .slice(0, inside)
    .map((part) => `${part}/`)
    .join('')
}

/** A name as Velociraptor escaped it for a zip: `%XX` for single bytes. */
export const unescapeName = (name: string) =>
  Buffer.from(
    name.replaceAll(/%([0-9A-Fa-f]{2})|[^%]+|%/g, (text, hex: string | undefined) =>
      hex === undefined ? Buffer.from(text, 'utf8').toString('latin1') : String.fromCharCode(parseInt(hex, 16)),
    ),
    'latin1',
  ).toString('utf8')

const format = (extension: string) => (extension === 'csv' ? 'csv' : 'json')

/** What stands at `path` inside a flow's folder. */
export function partOf(path: string): Part {
  if (path === contextName) return { kind: 'context' }
  if (path === 'client_info.json') return { kind: 'client' }
  if (path === 'hunt_info.json') return { kind: 'hunt' }
  const list = /^(uploads|logs?)\.(json|csv)$/.exec(path)
  if (list) {
    const of = list[1] === 'uploads' ? 'uploads' : 'logs'
    return { kind: 'rows', of, source: of, format: format(list[2]!) }
  }
  if (path.startsWith('uploads/')) return { kind: 'upload' }
  const results = /^results\/(All )?(.+)\.(json|csv)$/s.exec(path)
  if (!results) return { kind: 'other' }
  const [, all, name, extension] = results as unknown as [string, string | undefined, string, string]
  return { kind: 'rows', of: all ? 'combined' : 'results', source: unescapeName(name), format: format(extension) }
}

/** The same rows in the form that is exact, if the container has both. */
export const exactName = (name: string) => name.replace(/\.csv$/, '.json')
