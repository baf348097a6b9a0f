import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { settingNames } from '../apps/server/src/env.ts'

const root = join(import.meta.dirname, '..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

/** As the page of a repository names a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-')
const anchorsOf = (page: string) => [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!))

test.each(pages)('every link of %s leads to something that is there', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link!)
  const lost = links.filter((link) => {
    const [path, anchor] = link.split('#') as [string, string?]
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !anchorsOf(target).includes(anchor)
  })
  expect(lost).toEqual([])
})

test('the README names every setting once, and none that there is not', () => {
  const table = read('README.md').split('## Settings')[1]!.split('\n\n')[2]!
  const named = table
    .split('\n')
    .slice(2)
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
  expect(named.toSorted()).toEqual([...settingNames].toSorted())
})

test('the README names every command of the operator', () => {
  const usage = /usage = `([^`]+)`/.exec(read('apps/server/src/admin.ts'))![1]!
  const commands = usage
    .split('\n')
    .slice(1)
    .map((line) => /^ {2}(\w+(?: [a-z-]+)?)/.exec(line)![1]!)
  expect(commands).toContain('doctor')
  expect(commands.filter((command) => !read('README.md').includes(command))).toEqual([])
})

test('each benchmark that there is stands in the list, with its command', () => {
  const named = [...read('bench/README.md').matchAll(/^\| `([\w-]+)` \|.*`npm run bench -- ([\w-]+)/gm)]
  const known = [...read('bench/run.ts').matchAll(/^ {2}'?([\w-]+)'?: async \(\) => \{$/gm)]
  expect(named.map(([, name]) => name!).toSorted()).toEqual(known.map(([, name]) => name!).toSorted())
  expect(named.filter(([, name, command]) => name !== command)).toEqual([])
})

test('decisions say what they cost', () => {
  const decisions = pages.filter((page) => page.startsWith('docs/decisions/'))
  expect(decisions.length).toBeGreaterThanOrEqual(5)
  expect(decisions.filter((page) => !/worse/i.test(read(page)))).toEqual([])
})
