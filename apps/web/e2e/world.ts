import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { freePort, startServer } from '../../server/src/testing.ts'
import { openBrowser } from './browser.ts'
import { builtWeb } from './built.ts'

const recordings = new URL('../../../packages/api/src/ingestion/fixtures/', import.meta.url)

/** A request as a real Velociraptor sent it. */
export const recorded = (name: string) => readFileSync(new URL(`${name}.body`, recordings))

/** What a real Feed sent for one flow of the org O123: its numbers and texts are the odd ones. */
export const oddFlow = [
  'acme-00101-intro',
  'acme-00108-batch-Custom_Fixture_WeirdRows_Numbers-0',
  'acme-00109-batch-Custom_Fixture_WeirdRows_Strings-0',
  'acme-00112-batch-Custom_Fixture_WeirdRows_Structure-0',
  'acme-00113-flow_end',
]

/** A real server on an empty folder and a real browser, shared by the tests of a file. */
export async function openWorld(args: string[] = []) {
  builtWeb()
  const dataDir = mkdtempSync(join(tmpdir(), 'vc-web-'))
  const port = await freePort()
  const start = () => startServer(dataDir, port, args)
  const [first, browser] = await Promise.all([start(), openBrowser()])
  let server = first
  const close = async () => {
    await browser.close()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return {
    base: server.base,
    browser,
    close,
    async kill() {
      server.process.kill('SIGKILL')
      await once(server.process, 'exit')
    },
    async restart() {
      server = await start()
    },
    /** What the server wrote to its terminal. */
    said: () => server.output(),
    visit: (options?: BrowserContextOptions) => visit(browser, server.base, options),
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>
export type Visit = Awaited<ReturnType<typeof visit>>

/** Somebody's own browser window. `faults` holds what its console and its content security policy complained of. */
async function visit(browser: Browser, base: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(25_000)
  const faults: string[] = []
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) =>
      console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`),
    )
  })
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`${message.text()} ${message.location().url}`)
  })
  return { page, faults, close: () => context.close() }
}

/** The browser itself writes every refusal that a page asked for into the console; those are named by the test. */
export function expectNoFaults({ faults }: { faults: string[] }, refusals: RegExp[] = []) {
  const notSignedIn = /status of 401.*auth\.refresh/
  expect(faults.filter((fault) => ![notSignedIn, ...refusals].some((known) => known.test(fault)))).toEqual([])
}

export async function signIn(page: Page, who: { username: string; password: string }) {
  await page.getByLabel('User name').fill(who.username)
  await page.getByLabel(/^Password/).fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
