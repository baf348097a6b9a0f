import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Embedded, startEmbedded } from './embedded.ts'

let dir: string
let home: string
let template: string
let running: Embedded[] = []

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'embedded-template-'))
  await (await startEmbedded(template, { say: () => {} })).stop()
})

afterAll(() => rmSync(template, { recursive: true, force: true }))

/** Most tests begin with a finished cluster: a copy takes a tenth of what making one takes. */
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'embedded with spaces '))
  dir = join(home, 'postgres')
  execFileSync('cp', ['-a', join(template, 'postgres'), dir])
})

/** For the tests of the first start. */
const beginEmpty = () => rmSync(dir, { recursive: true, force: true })

afterEach(async () => {
  for (const embedded of running) await embedded.stop()
  running = []
  rmSync(home, { recursive: true, force: true })
})

async function start() {
  const embedded = await startEmbedded(home, { say: () => {} })
  running.push(embedded)
  return embedded
}

async function query(url: string, text: string) {
  const client = new Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function patiently(url: string, text: string) {
  for (let tries = 150; ; tries--) {
    try {
      return await query(url, text)
    } catch (error) {
      if (tries === 0) throw error
      await sleep(100)
    }
  }
}

const postmaster = () => Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

/** A run in a process group of its own, to be killed as a whole: what PostgreSQL itself started has left that group. */
function runApart() {
  const code = `import { startEmbedded } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))}
    const { url } = await startEmbedded(${JSON.stringify(home)}, { say() {} })
    console.log(url)`
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function kill(child: ReturnType<typeof runApart>) {
  const gone = once(child, 'exit')
  process.kill(-(child.pid ?? 0), 'SIGKILL')
  await gone
}

async function startAndDie() {
  const child = runApart()
  const [line] = await once(child.stdout, 'data')
  const url = String(line).trim()
  await query(url, 'create table kept (n int); insert into kept values (7)')
  await kill(child)
  return url
}

test('gives the product a login that owns its database and is no superuser', async () => {
  const { url } = await start()
  expect(
    await query(
      url,
      `select current_user, current_database(), pg_get_userbyid(datdba) as owner, rolsuper, rolbypassrls, rolcreaterole, rolinherit
       from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
    ),
  ).toEqual([
    {
      current_user: 'velocicompanion',
      current_database: 'velocicompanion',
      owner: 'velocicompanion',
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: true,
      rolinherit: false,
    },
  ])
})

test('keeps its passwords where only their owner reads them, and asks for them', async () => {
  const { url, superUrl } = await start()
  for (const file of ['login.password', 'superuser.password'])
    expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600)
  expect(new URL(url).password).not.toBe(new URL(superUrl).password)
  const wrong = new URL(url)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
})

test('keeps its data over a stop', async () => {
  const first = await start()
  await query(first.url, 'create table kept (n int); insert into kept values (7)')
  await first.stop()
  await expect(query(first.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  const second = await start()
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }])
})

test('adopts the server that a killed run left behind', async () => {
  const url = await startAndDie()
  const embedded = await start()
  expect(embedded).toMatchObject({ adopted: true, url })
  expect(await query(embedded.url, 'select n from kept')).toEqual([{ n: 7 }])
})

test('recovers every row after the run and the server were killed', async () => {
  await startAndDie()
  process.kill(postmaster(), 'SIGKILL')
  const embedded = await start()
  expect(await query(embedded.url, 'select n from kept')).toEqual([{ n: 7 }])
})

test('starts a server again that was killed beneath it, at the same address', async () => {
  const { url } = await start()
  await query(url, 'create table kept (n int); insert into kept values (7)')
  const killed = postmaster()
  process.kill(killed, 'SIGKILL')
  expect(await patiently(url, 'select n from kept')).toEqual([{ n: 7 }])
  expect(postmaster()).not.toBe(killed)
})

test('recovers from an initdb that was killed half-way', async () => {
  beginEmpty()
  const child = runApart()
  const draft = () => readdirSync(dir).find((entry) => entry.startsWith('new-'))
  while (!existsSync(dir) || !draft()) await sleep(5)
  await kill(child)
  expect(existsSync(join(dir, 'data'))).toBe(false)
  const embedded = await start()
  expect(await query(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(draft()).toBeUndefined()
})

test('lets two runs share one server, which ends with the last of them', async () => {
  beginEmpty()
  const [one, two] = await Promise.all([start(), start()])
  expect(one.url).toBe(two.url)
  await one.stop()
  expect(await query(two.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await two.stop()
  await expect(query(two.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
})

test('starts although another program now has the process id of a dead server', async () => {
  await (await start()).stop()
  writeFileSync(join(dir, 'data', 'postmaster.pid'), `${process.pid}\n${dir}\n0\n5432\n\n127.0.0.1\n`)
  const embedded = await start()
  expect(embedded.adopted).toBe(false)
})

test('says what to do with data of another major version', async () => {
  writeFileSync(join(dir, 'data', 'PG_VERSION'), '15\n')
  await expect(start()).rejects.toThrow('was written by PostgreSQL 15 and this version brings 18: start the release')
})

test('says what is missing when the password of its superuser is lost', async () => {
  await (await start()).stop()
  rmSync(join(dir, 'superuser.password'))
  await expect(start()).rejects.toThrow('superuser.password is lost: put it back')
  // A second try must not take the password that the first one would have made.
  await expect(start()).rejects.toThrow('superuser.password is lost: put it back')
})

test('leaves nothing of a test cluster', async () => {
  beginEmpty()
  const embedded = await startEmbedded(home, { test: true })
  expect(await query(embedded.superUrl, 'show fsync')).toEqual([{ fsync: 'off' }])
  await embedded.stop()
  expect(existsSync(home)).toBe(false)
})

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('as root', () => {
  const path = process.env.PATH

  beforeEach(beginEmpty)
  afterEach(() => {
    process.env.PATH = path
  })

  const serverUser = () => statSync(`/proc/${postmaster()}`).uid

  /** Puts a program before the real one that fails as the kernel would let it fail. */
  const forbid = (...programs: string[]) => {
    const folder = join(home, 'forbidden')
    mkdirSync(folder)
    for (const program of programs) writeFileSync(join(folder, program), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    process.env.PATH = `${folder}:${path}`
  }

  test('steps down where another user reaches the data, or into a namespace', async () => {
    chmodSync(home, 0o755)
    const { url } = await start()
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('runs under a folder that only root enters', async () => {
    chmodSync(home, 0o700)
    const { url } = await start()
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('steps down under such a folder where namespaces are forbidden as well', async () => {
    chmodSync(home, 0o700)
    forbid('unshare')
    const { url } = await start()
    expect(serverUser()).not.toBe(0)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says what to do when no way is left', async () => {
    chmodSync(home, 0o700)
    forbid('unshare', 'setpriv')
    await expect(start()).rejects.toThrow('start as an ordinary user, or set DATABASE_URL')
  })
})
