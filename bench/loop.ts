import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Held {
  p50: number
  p99: number
  max: number
}

/** Makes servers that start from now on tell how long their event loop was held up, in milliseconds. */
export function watchLoop() {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-loop-'))
  const file = join(folder, 'delay.json')
  process.env.BENCH_LOOP_FILE = file
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${new URL('watch-loop.ts', import.meta.url).href}`
  /** Since the last time it was asked. */
  const held = async (pid: number): Promise<Held> => {
    rmSync(file, { force: true })
    process.kill(pid, 'SIGUSR2')
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await sleep(5)
    return JSON.parse(readFileSync(file, 'utf8')) as Held
  }
  return { held, close: () => rmSync(folder, { recursive: true, force: true }) }
}
