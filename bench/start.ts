import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../apps/server/src/testing.ts'
import { loadAverage } from './processes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * From a clone of what is committed to the line that says it is ready, and again. Node, pnpm and the packages come from the
 * caches of this machine where it has them: what a network takes is not measured.
 */
export async function start(runs: number) {
  const results = []
  for (let run = 0; run < runs; run++) {
    const folder = mkdtempSync(join(tmpdir(), 'velocicompanion clone '))
    try {
      const load = loadAverage()
      const clone = join(folder, 'velocicompanion')
      const cloned = secondsOf(() => execFileSync('git', ['clone', '-q', '--no-hardlinks', root, clone]))
      // Tools that were fetched before stand where a first start would put them.
      const tools = join(root, '.cache')
      if (existsSync(tools)) cpSync(tools, join(clone, '.cache'), { recursive: true, verbatimSymlinks: true })
      const first = await startOnce(clone)
      const second = await startOnce(clone)
      const ratio = Number((second.ready / first.ready).toFixed(3))
      results.push({ load, cloned, first, second, secondOfFirst: ratio })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { packages: 'from the package store of this machine', runs: results }
}

const since = (began: number) => Math.round(performance.now() - began) / 1000

function secondsOf(work: () => void) {
  const began = performance.now()
  work()
  return since(began)
}

/** Seconds from the command to the ready line, and from the signal to the end. */
async function startOnce(folder: string) {
  const { DATABASE_URL: _url, DATA_DIR: _data, ...inherited } = process.env
  const env = { ...inherited, PORT: String(await freePort()), HOST: '127.0.0.1', LOG_LEVEL: 'error' }
  const began = performance.now()
  const child = spawn('npm', ['start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('is ready on')) resolve()
      })
    child.once('exit', () => reject(new Error(`it did not start: ${said}`)))
  })
  await ready
  const readyAfter = since(began)
  const stopping = performance.now()
  child.kill('SIGTERM')
  await once(child, 'exit')
  return { ready: readyAfter, stopped: since(stopping) }
}
