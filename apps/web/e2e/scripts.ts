import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { builtWeb } from './built.ts'

/** The scripts of the built web: what each loads, and how much that is. */
export function builtScripts() {
  const assets = join(builtWeb(), 'assets')
  const texts = new Map(
    readdirSync(assets)
      .filter((name) => name.endsWith('.js'))
      .map((name) => [name, readFileSync(join(assets, name), 'utf8')]),
  )

  function withImports(names: string[], seen = new Set<string>()): Set<string> {
    for (const name of names) {
      if (seen.has(name)) continue
      seen.add(name)
      withImports(importsOf(texts.get(name)!), seen)
    }
    return seen
  }

  const entry = () => {
    const page = readFileSync(join(builtWeb(), 'index.html'), 'utf8')
    return [...page.matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map((m) => m[1]!)
  }

  const chunkOf = (name: string) => [...texts.keys()].find((file) => file.startsWith(`${name}-`))!

  const kilobytes = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(texts.get(name)!).length, 0) / 1024

  /** What a page loads that is not there yet when the shell is. */
  function beyondShell(page: string) {
    const shell = withImports([...entry(), chunkOf('Shell')])
    return [...withImports([chunkOf(page)])].filter((name) => !shell.has(name))
  }

  return { texts, withImports, entry, chunkOf, kilobytes, beyondShell }
}

/** What a script loads before it runs; `import()` is not among it. */
const importsOf = (text: string) => [...text.matchAll(/\b(?:import|from)\s*"\.\/([^"]+\.js)"/g)].map((m) => m[1]!)
