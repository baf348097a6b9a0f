import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { EmbeddedError } from './embedded-launch.ts'

export interface Secret {
  value: string
  path: string
  fresh: boolean
}

/** A password of this cluster: made once, kept where only its owner reads it. Two starts at once agree on one. */
export function secretFile(path: string): Secret {
  const draft = `${path}.${process.pid}`
  if (existsSync(path)) return { value: readFileSync(path, 'utf8').trim(), path, fresh: false }
  writeFileSync(draft, randomBytes(24).toString('base64url') + '\n', { mode: 0o600 })
  let fresh = true
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') fresh = false
    else renameSync(draft, path)
  }
  rmSync(draft, { force: true })
  return { value: readFileSync(path, 'utf8').trim(), path, fresh }
}

/** The port of the server that runs on this data directory, if one does. */
export function runningPort(data: string): number | undefined {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n')
  if (isPostmaster(Number(pid), data)) return Number(port) || undefined
  // After a power cut the id may belong to another program, at which PostgreSQL itself would refuse to start.
  rmSync(file, { force: true })
  return undefined
}

function isPostmaster(pid: number, data: string) {
  if (!pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (process.platform === 'win32') return true
  const proc = `/proc/${pid}/cmdline`
  const command = existsSync(proc)
    ? readFileSync(proc, 'utf8')
    : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  return command.includes('postgres') && command.includes(data)
}

/** Refuses data of another major version, which PostgreSQL can't read. */
export function checkVersion(data: string, binariesSay: string) {
  const written = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const ours = /(\d+)\./.exec(binariesSay)?.[1]
  if (written === ours) return
  throw new EmbeddedError(
    `${data} was written by PostgreSQL ${written} and this version brings ${ours}: ` +
      'start the release that wrote it, make a backup there, and restore it here into an empty DATA_DIR.',
  )
}

export function freePort() {
  return new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** Keeps the log of the last starts only. */
export function rotateLog(path: string) {
  if (existsSync(path) && statSync(path).size > 10_000_000) renameSync(path, `${path}.1`)
}

export function logTail(path: string) {
  if (!existsSync(path)) return ''
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}
