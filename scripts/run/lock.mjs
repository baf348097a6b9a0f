import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, cache, say } from './shell.mjs'

const file = join(cache, 'lock')
const staleAfter = 15_000

/**
 * Runs `work` while no other run of this clone installs or builds. The holder touches the file as long as it lives; a
 * process id would say nothing to a container that shares the folder.
 */
export async function withLock(work) {
  await take()
  const beat = setInterval(() => utimesSync(file, new Date(), new Date()), 2000)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    process.off('exit', release)
    release()
  }
}

function release() {
  rmSync(file, { force: true })
}

async function take() {
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(cache, { recursive: true })
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      process.on('exit', release)
      return
    } catch (error) {
      if (error.code === 'ENOSPC') throw new Failure('The disk is full: free 3 GB and run the same command again.')
      if (error.code !== 'EEXIST') {
        throw new Failure(
          `${cache} can't be written (${error.code}): give this folder to the user who runs the command.`,
        )
      }
    }
    if (tries === 5) say('Waiting for another run of this folder that is installing')
    if (age() > staleAfter) release()
    await sleep(200)
  }
}

function age() {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats ? Date.now() - stats.mtimeMs : 0
}
