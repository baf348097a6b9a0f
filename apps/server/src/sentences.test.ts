import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { testCluster } from '@velocicompanion/db/testing'
import { afterAll, expect, test } from 'vitest'
import { freePort } from './testing.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a start that fails says, and its exit code. */
async function failedStart(settings: Record<string, string>) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: folder, ...settings }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return { said: said.trim(), code: child.exitCode }
}

const elsewhere = (change: (url: URL) => void) => {
  const url = new URL(testCluster().url)
  change(url)
  return url.href
}

test('a setting that is wrong ends the start with its sentence alone', async () => {
  expect(await failedStart({ PORT: 'eighty' })).toEqual({
    said: 'PORT must be a whole number from 0 to 65535',
    code: 1,
  })
})

test('a database that refuses or does not answer is named without its password', async () => {
  const wrong = elsewhere((url) => (url.password = 'not-this-one'))
  expect(await failedStart({ DATABASE_URL: wrong })).toEqual({
    said: expect.stringMatching(/^The database of DATABASE_URL refuses the password \(28P01\); docs\/deploy\.md says/),
    code: 1,
  })
  const nobody = elsewhere((url) => (url.port = '1'))
  expect((await failedStart({ DATABASE_URL: nobody })).said).toMatch(/does not answer \(ECONNREFUSED\)/)
  const none = elsewhere((url) => (url.pathname = '/no-such-database'))
  expect((await failedStart({ DATABASE_URL: none })).said).toMatch(/has no such database \(3D000\)/)
})

test('a port that is taken and a host of another machine are named', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const { said } = await failedStart({ PORT: String(port) })
  expect(said).toMatch(`Port ${port} is taken: stop what uses it, or start with another one, such as PORT=8001`)
  taken.close()
  const foreign = await failedStart({ HOST: '192.0.2.1', PORT: String(await freePort()) })
  expect(foreign.said).toMatch(/HOST must be an address of this machine.*192\.0\.2\.1 is none/)
})

test('a data folder that cannot be written is named', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  expect((await failedStart({ DATA_DIR: join(file, 'data') })).said).toMatch(
    /cannot be written \(ENOTDIR\): set DATA_DIR/,
  )
})
