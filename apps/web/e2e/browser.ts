import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const system = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** CHROMIUM_PATH, a browser of the system, or the one from the npm package. */
export async function openBrowser(): Promise<Browser> {
  const path = process.env.CHROMIUM_PATH ?? system.find((p) => existsSync(p))
  if (path) return chromium.launch({ executablePath: path, args: quiet })
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x'
  const { default: packaged } = await import('@sparticuz/chromium')
  // Closing one context would end a browser of a single process.
  const args = packaged.args.filter((arg) => arg !== '--single-process' && arg !== "--headless='shell'")
  return chromium.launch({ executablePath: await packaged.executablePath(), args: [...args, ...quiet] })
}
