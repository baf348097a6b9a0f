import { join } from 'node:path'
import { bringTools, installPackages } from './install.mjs'
import { withLock } from './lock.mjs'
import { Failure, capture, endWith, root, say, serve } from './shell.mjs'
import { test } from './test.mjs'

const jobs = { install: () => {}, start, test, bench, admin }

export async function main([name = 'install', ...args]) {
  const job = jobs[name]
  if (!job) endWith(`There is no job "${name}": ${Object.keys(jobs).join(', ')} are the ones that exist.`)
  process.chdir(root)
  try {
    await withLock(async () => {
      await bringTools()
      await installPackages()
    })
    await job(args)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    endWith(error.message)
  }
}

async function start(args) {
  await withLock(build)
  await serve('node', [join('apps', 'server', 'src', 'main.ts'), ...args])
}

async function build() {
  const slow = setTimeout(() => say('Building the web'), 1000)
  const { code, output } = await capture('turbo', ['run', 'build', '--output-logs=errors-only'])
  clearTimeout(slow)
  if (code === 0) return
  console.error(output)
  throw new Failure('The web could not be built: the lines above say why.')
}

async function bench(args) {
  if (args[0] === 'web') await withLock(build)
  await serve('node', [join('bench', 'run.ts'), ...args])
}

async function admin(args) {
  await serve('node', [join('apps', 'server', 'src', 'admin.ts'), ...args])
}
