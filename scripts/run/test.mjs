import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { cache, capture, show } from './shell.mjs'

const checks = [
  ['format', 'oxfmt', ['--check', '.']],
  ['lint', 'oxlint', ['--type-aware', '-c', 'oxlint.json']],
  ['unused code', 'knip', []],
  ['house rules', 'node', [join('scripts', 'house.ts')]],
  ['types and build', 'turbo', ['run', 'typecheck', 'build', '--output-logs=errors-only']],
]

/** Every check, then every test; the last line says how many held. */
export async function test(args) {
  const failures = []
  for (const [name, command, options] of checks) {
    if (!(await check(name, command, options))) failures.push(name)
  }
  const tests = await runTests(args)
  const passed = checks.length - failures.length + tests.passed
  failures.push(...tests.failures)
  for (const name of failures) console.log(`failed: ${name}`)
  if (tests.skipped.length > 0) console.log(`${tests.skipped.length} skipped: ${tests.skipped.join('; ')}`)
  console.log(`${passed} passed, ${failures.length} failed`)
  process.exit(failures.length > 0 ? 1 : 0)
}

async function check(name, command, options) {
  const began = Date.now()
  const run = () => capture(command, options)
  // Only turbo writes what another run of this folder would write as well.
  const { code, output, missing } = await (command === 'turbo' ? withLock(run) : run())
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.padStart(6)} s`)
  if (code !== 0) console.log(missing ? `${command} is not installed` : output.trimEnd())
  return code === 0
}

async function runTests(args) {
  const report = join(cache, `vitest-${process.pid}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code } = await show('vitest', ['run', ...reporters, ...args])
  try {
    return count(code, report)
  } finally {
    rmSync(report, { force: true })
  }
}

function count(code, report) {
  if (!existsSync(report)) return { passed: 0, failures: ['the tests did not run'], skipped: [] }
  const { testResults: files } = JSON.parse(readFileSync(report, 'utf8'))
  const tests = files.flatMap((file) => file.assertionResults)
  const named = (status) => tests.filter((one) => one.status === status).map((one) => one.fullName)
  const failures = named('failed')
  // A file that can't be loaded has no tests to fail, and an error outside of tests belongs to no file.
  for (const file of files) {
    const own = file.assertionResults.some((one) => one.status === 'failed')
    if (file.status === 'failed' && !own) failures.push(file.name)
  }
  if (code !== 0 && failures.length === 0) failures.push('an error outside of the tests, shown above')
  return {
    passed: named('passed').length,
    failures,
    skipped: [...named('skipped'), ...named('pending'), ...named('todo')],
  }
}
