import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtScripts } from './scripts.ts'

const { texts: scripts, withImports, entry, chunkOf, kilobytes, beyondShell } = builtScripts()

test('the first load is at most 350 KB of gzipped JavaScript, also with its first page', () => {
  expect(entry().length).toBeGreaterThan(0)
  expect(kilobytes(withImports(entry()))).toBeLessThan(350)
  for (const first of ['SignInPage', 'HomePage', 'SourceRowsPage'])
    expect(kilobytes(withImports([...entry(), chunkOf('Shell'), chunkOf(first)]))).toBeLessThan(350)
})

test('the hunt screen adds at most 150 KB of gzipped JavaScript to the shell', () => {
  const added = beyondShell('HuntPage')
  expect(added).toContain(chunkOf('HuntPage'))
  expect(kilobytes(added)).toBeLessThan(150)
})

test('each page is a script of its own, which the first load leaves out', () => {
  const first = withImports(entry())
  const pages = readdirSync(new URL('../src/features', import.meta.url), { recursive: true, encoding: 'utf8' })
    .map((file) => /([A-Za-z]+Page)\.tsx$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
  expect(pages.length).toBeGreaterThan(10)
  for (const page of pages) {
    expect(scripts.has(chunkOf(page)), page).toBe(true)
    expect(first.has(chunkOf(page)), page).toBe(false)
  }
})

test('the browser gets nothing of the database driver, the query builder or Node', () => {
  const api = createRequire(new URL('../../../packages/api/package.json', import.meta.url))
  const marks: [packageName: string, mark: string][] = [
    ['kysely', 'SelectQueryNode'],
    ['pg', 'SASL'],
  ]
  for (const [packageName, mark] of marks) {
    const folder = join(api.resolve(packageName), '..')
    const whole = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[cm]?js$/.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n')
    expect(whole).toContain(mark)
    for (const [name, text] of scripts) expect(text.includes(mark), `${packageName} in ${name}`).toBe(false)
  }
  for (const [name, text] of scripts) expect(/["'`]node:[a-z]/.test(text), name).toBe(false)
})
