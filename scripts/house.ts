import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Checks what a linter does not know: the slices' closed vocabulary, who may import whom, cycles, listed migrations. */
const root = fileURLToPath(new URL('..', import.meta.url))

export interface House {
  /** Paths from the root with forward slashes. */
  files: string[]
  read(file: string): string
}

const slice = 'packages/api/src/'
const vocabulary = new Set(['router.ts', 'queries.ts', 'rules.ts', 'input.ts', 'jobs.ts'])
/** Slices that own an integration or a format and are split by noun. */
const byNoun = new Set(['evidence', 'ingestion', 'auth'])
const mostFiles = 8

const importsOf = (text: string) =>
  [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"\n;]*?from\s+)?['"]([^'"]+)['"]/g)].map((m) => ({
    typeOnly: Boolean(m[1]),
    from: m[2]!,
  }))

const isTest = (file: string) => /\.test\.tsx?$/.test(file) || file.includes('/e2e/') || file.endsWith('/testing.ts')
const isCode = (file: string) => /\.tsx?$/.test(file)

/** Every fault of the house in one sentence each; none when it is in order. */
export function faults(house: House): string[] {
  return [...vocabularyFaults(house), ...directionFaults(house), ...cycleFaults(house), ...migrationFaults(house)]
}

function vocabularyFaults({ files }: House) {
  const found: string[] = []
  const slices = new Map<string, string[]>()
  for (const file of files) {
    const [feature, name, ...deeper] = file.startsWith(slice) ? file.slice(slice.length).split('/') : []
    if (!feature || !name || deeper.length > 0 || !isCode(file)) continue
    slices.set(feature, [...(slices.get(feature) ?? []), name])
  }
  for (const [feature, names] of slices) {
    if (byNoun.has(feature)) continue
    for (const name of names) {
      const known = vocabulary.has(name) || name === `${feature}.ts` || name.endsWith('.test.ts')
      if (!known)
        found.push(
          `${slice}${feature}/${name} is not in the vocabulary of a slice (${[...vocabulary].join(', ')}, ${feature}.ts, a test)`,
        )
    }
    if (names.length > mostFiles) found.push(`${slice}${feature} has ${names.length} files: split it by sub-noun`)
  }
  return found
}

const mayImport: Record<string, string[]> = {
  'packages/db': [],
  'packages/api': ['@velocicompanion/db'],
  'apps/server': ['@velocicompanion/api', '@velocicompanion/db'],
  'apps/web': ['@velocicompanion/api'],
}

function directionFaults({ files, read }: House) {
  const found: string[] = []
  for (const file of files.filter(isCode)) {
    const home = Object.keys(mayImport).find((p) => file.startsWith(`${p}/`))
    if (!home || isTest(file)) continue
    for (const { from, typeOnly } of importsOf(read(file))) {
      if (from.startsWith('.') && !join(dirname(file), from).startsWith(home)) {
        found.push(`${file} reaches out of its package by ${from}`)
      }
      if (!from.startsWith('@velocicompanion/')) continue
      const packageName = from.split('/').slice(0, 2).join('/')
      if (!mayImport[home]!.includes(packageName)) found.push(`${file} may not import ${from}`)
      const shared = /^@velocicompanion\/api\/(permissions|[a-z-]+\/input)$/.test(from)
      if (home === 'apps/web' && !typeOnly && !shared) {
        found.push(`${file} imports ${from} as a value: the web reads only types, permissions and inputs of the API`)
      }
    }
  }
  return found
}

/** The feature of a file, so that cycles are looked for between features and not between files. */
const featureOf = (file: string) =>
  /^(packages\/api\/src|apps\/web\/src\/features)\/([^/]+)\/[^/]+/.exec(file)?.slice(1, 3).join('/')

function cycleFaults({ files, read }: House) {
  const edges = new Map<string, Set<string>>()
  for (const file of files.filter((f) => isCode(f) && !isTest(f))) {
    const from = featureOf(file)
    if (!from) continue
    for (const { from: specifier } of importsOf(read(file))) {
      const to = specifier.startsWith('.') ? featureOf(join(dirname(file), specifier).replaceAll('\\', '/')) : undefined
      if (to && to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
  const found: string[] = []
  const done = new Set<string>()
  const walk = (node: string, path: string[]) => {
    if (path.includes(node)) {
      found.push(`features import each other in a circle: ${[...path.slice(path.indexOf(node)), node].join(' → ')}`)
      return
    }
    if (done.has(node)) return
    for (const next of edges.get(node) ?? []) walk(next, [...path, node])
    done.add(node)
  }
  for (const node of edges.keys()) walk(node, [])
  return found
}

function migrationFaults({ files, read }: House) {
  const folder = 'packages/db/migrations/'
  const list = files.includes(`${folder}index.ts`) ? read(`${folder}index.ts`) : ''
  return files
    .filter((f) => f.startsWith(folder) && /\/\d{4}_[^/]+\.ts$/.test(f) && !isTest(f))
    .filter((f) => !list.includes(`'./${f.slice(folder.length)}'`))
    .map((f) => `${f} is not listed in ${folder}index.ts`)
}

function treeOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (['node_modules', 'dist', '.turbo', 'fixtures'].includes(name)) return []
    const path = join(folder, name)
    return statSync(path).isDirectory() ? treeOf(path) : [path]
  })
}

if (import.meta.main) {
  const files = ['packages', 'apps']
    .map((d) => resolve(root, d))
    .filter(existsSync)
    .flatMap(treeOf)
    .map((f) => relative(root, f).replaceAll('\\', '/'))
  const found = faults({ files, read: (file) => readFileSync(join(root, file), 'utf8') })
  for (const fault of found) console.error(fault)
  process.exit(found.length > 0 ? 1 : 0)
}
