import { execFile } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-run-'))
/** As npm and pnpm stand for the registry, each writes down that it was asked; `broken` is what npm says when it fails. */
const npm = `#!/bin/sh
echo "npm $*" >> "$CALLS"
[ -n "$BROKEN" ] && { echo "$BROKEN" >&2; exit 1; }
while [ $# -gt 0 ]; do [ "$1" = --prefix ] && prefix="$2"; shift; done
mkdir -p "$prefix/node_modules/.bin"
cat > "$prefix/node_modules/.bin/pnpm" <<'END'
#!/bin/sh
echo "pnpm $*" >> "$CALLS"
sleep 0.3
[ -n "$BROKEN_PNPM" ] && { echo "$BROKEN_PNPM"; exit 1; }
mkdir -p node_modules apps/server/node_modules
END
chmod +x "$prefix/node_modules/.bin/pnpm"
`

let clone: string
let calls: string
let count = 0
beforeEach(() => {
  clone = join(folder, `a clone ${count++}`)
  const root = join(import.meta.dirname, '..')
  for (const name of [
    'package.json',
    'pnpm-workspace.yaml',
    'scripts/run.mjs',
    'scripts/run',
    'apps/server/package.json',
  ])
    cpSync(join(root, name), join(clone, name), { recursive: true })
  writeFileSync(join(clone, 'pnpm-lock.yaml'), 'lockfileVersion: 9\n')
  mkdirSync(join(clone, 'packages'))
  calls = join(clone, 'calls')
  mkdirSync(join(clone, 'machine'))
  writeFileSync(join(clone, 'machine', 'npm'), npm, { mode: 0o755 })
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

interface Run {
  code: unknown
  said: string
}

function run(args: string[] = [], settings: Record<string, string> = {}): Promise<Run> {
  const path = [join(clone, 'machine'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter)
  const env = { PATH: path, HOME: clone, CALLS: calls, ...settings }
  const script = join(clone, 'scripts', 'run.mjs')
  // From another folder: what it works on is its own.
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env, cwd: '/' }, (error, _out, said) =>
      resolve({ code: error?.code ?? 0, said }),
    )
  })
}

const asked = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [])
const programs = () => asked().map((line) => line.split(' ')[0])

test('the first run fetches and installs, in a path with spaces; the next ones ask no registry', async () => {
  const first = await run()
  expect(first).toEqual({
    code: 0,
    said: expect.stringMatching(/^» Fetching pnpm [\d.]+ \(once\)\n» Installing packages/),
  })
  expect(programs()).toEqual(['npm', 'pnpm'])
  expect(asked()[1]).toMatch(/^pnpm install --frozen-lockfile/)
  expect(await run([], { BROKEN: 'getaddrinfo ENOTFOUND', BROKEN_PNPM: 'ENOTFOUND' })).toEqual({ code: 0, said: '' })
  expect(programs()).toEqual(['npm', 'pnpm'])
})

test.each(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'apps/server/package.json'])(
  'installs again when %s changed',
  async (name) => {
    await run()
    appendFileSync(join(clone, name), '\n')
    await run()
    expect(programs()).toEqual(['npm', 'pnpm', 'pnpm'])
  },
)

test('two runs of one clone at once install once, and both go on', async () => {
  const both = await Promise.all([run(), run()])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(programs()).toEqual(['npm', 'pnpm'])
})

test('the lock of a run that was killed is taken over', async () => {
  mkdirSync(join(clone, '.cache'))
  const lock = join(clone, '.cache', 'lock')
  writeFileSync(lock, '1')
  utimesSync(lock, new Date(0), new Date(0))
  expect((await run()).code).toBe(0)
  expect(existsSync(lock)).toBe(false)
})

const causes = [
  ['npm error code ENOTFOUND', /the package registry can't be reached: check the network/],
  ['npm error code ENOSPC', /the disk is full: free 3 GB/],
  ['npm error code EACCES: permission denied', /a file can't be written: give this folder to the user/],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /set NODE_EXTRA_CA_CERTS/],
  ['npm error code E403', /the registry or a proxy refuses/],
] as const

test.each(causes)('%s is told in one sentence, and the next run goes on', async (broken, sentence) => {
  const { code, said } = await run([], { BROKEN: broken })
  expect(code).toBe(1)
  const last = said.trim().split('\n').slice(1)
  expect(last).toEqual([expect.stringMatching(/^Could not fetch pnpm .* and run the same command again\.$/)])
  expect(last[0]).toMatch(sentence)
  expect(readdirSync(join(clone, '.cache')).filter((name) => name.startsWith('pnpm') || name === 'lock')).toEqual([])
  expect((await run()).code).toBe(0)
})

test('a failure of an unknown kind is shown as it came, before the sentence', async () => {
  const { code, said } = await run([], { BROKEN_PNPM: 'ERR_PNPM_ODD  something else' })
  expect(code).toBe(1)
  expect(said).toMatch(/ERR_PNPM_ODD {2}something else[\s\S]*Could not install the packages: the lines above say why/)
})

test('without npm it says what to install', async () => {
  rmSync(join(clone, 'machine', 'npm'))
  const path = join(clone, 'machine')
  const { code, said } = await run([], { PATH: path })
  expect([code, said.trim().split('\n').at(-1)]).toEqual([
    1,
    'npm is missing: install Node 20 or newer together with npm, from https://nodejs.org.',
  ])
})

test('a job that there is not is answered with those that there are', async () => {
  expect(await run(['deploy'])).toEqual({
    code: 1,
    said: expect.stringMatching(/^There is no job "deploy": .*start, test, bench, admin/),
  })
  expect(asked()).toEqual([])
})
