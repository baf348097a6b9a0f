import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const cache = join(root, '.cache')
const windows = process.platform === 'win32'

/** Something the reader can mend; its message is the one sentence that says how. */
export class Failure extends Error {}

export const say = (message) => console.error(`» ${message}`)

export function endWith(message) {
  console.error(message)
  process.exit(1)
}

/** npm's own variables describe the machine's Node, and would steer the tools that run under ours. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
env.CI ??= '1'
env.TURBO_TELEMETRY_DISABLED = '1'
env.PATH ??= env.Path ?? ''
prependPath(join(root, 'node_modules', '.bin'))

export function prependPath(folder) {
  env.PATH = folder + delimiter + env.PATH
}

const children = new Set()
let serving
let asked = false

/** Before the server runs, a signal ends whatever is under way; after that the server stops in its own time. */
function passOn(signal) {
  asked = true
  if (serving) return serving.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  for (const child of children) child.kill('SIGTERM')
  process.exit(signal === 'SIGINT' ? 130 : 143)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => passOn(signal))

// npm may end without passing a signal on: when it is gone, so is the wish to run.
const parent = process.ppid
setInterval(() => process.ppid !== parent && !asked && passOn('SIGTERM'), 500).unref()

function begin(command, args, options) {
  const quoted = windows ? args.map((arg) => `"${arg}"`) : args
  const child = spawn(command, quoted, { cwd: root, env, shell: windows, ...options })
  children.add(child)
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, missing: error.code === 'ENOENT' }))
    child.on('close', (code, signal) => resolve({ code, signal, missing: false }))
  })
  return { child, ended: ended.finally(() => children.delete(child)) }
}

/** Runs a command, keeps what it prints, and shows it at once when `show` says so. */
export async function capture(command, args, { show = false, extra = {} } = {}) {
  const stdio = ['ignore', 'pipe', 'pipe']
  const { child, ended } = begin(command, args, { stdio, env: { ...env, ...extra } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text
      if (show) process.stderr.write(text)
    })
  }
  return { ...(await ended), output }
}

/** Runs a command that prints for itself. */
export async function show(command, args) {
  const { ended } = begin(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  return ended
}

/** Runs the job's own program and ends as it ends; a stop that was asked for is a success. */
export async function serve(command, args) {
  const { child, ended } = begin(command, args, { stdio: 'inherit' })
  serving = child
  const { code, signal } = await ended
  process.exit(code ?? (asked && signal ? 0 : 1))
}
