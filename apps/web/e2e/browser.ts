import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  const { folder, packaged } = await unpacked()
  // Closing one context would end a browser of a single process.
  const args = packaged.args.filter((arg) => arg !== '--single-process' && arg !== "--headless='shell'")
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
  const env = { ...process.env, FONTCONFIG_PATH: join(folder, 'fonts'), LD_LIBRARY_PATH: libraries } as Env
  return chromium.launch({ executablePath: join(folder, 'chromium'), args: [...args, ...quiet], env })
}

type Env = Record<string, string>

const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url))

/**
 * The package's browser in a folder of this clone. The package itself unpacks to the machine's common folder for temporary
 * files and starts whatever lies there under that name, be it half written or another user's.
 */
async function unpacked() {
  const version = /chromium@([\d.]+)/.exec(import.meta.resolve('@sparticuz/chromium'))?.[1] ?? 'unknown'
  const folder = join(cache, `chromium-${version}`)
  const common = process.env.TMPDIR
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x'
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(`${folder}-`)
  try {
    process.env.TMPDIR = fresh
    const { default: packaged } = await import('@sparticuz/chromium')
    if (!existsSync(folder)) {
      await packaged.executablePath()
      const fonts = join(fresh, 'fonts', 'fonts.conf')
      writeFileSync(fonts, readFileSync(fonts, 'utf8').replaceAll('/tmp/fonts', join(folder, 'fonts')))
      renameSync(fresh, folder)
    }
    return { folder, packaged }
  } catch (error) {
    // Another run was first.
    if (!existsSync(join(folder, 'chromium'))) throw error
    const { default: packaged } = await import('@sparticuz/chromium')
    return { folder, packaged }
  } finally {
    if (common === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = common
    rmSync(fresh, { recursive: true, force: true })
  }
}
