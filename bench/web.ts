import { openBrowser } from '../apps/web/e2e/browser.ts'
import { builtScripts } from '../apps/web/e2e/scripts.ts'
import { loadAverage } from './processes.ts'
import { fastKeys, firstPaint, memory, openPage, queriesDrawn, scrolling } from './web-page.ts'
import { openRows } from './web-store.ts'

interface Options {
  rows: number
  rounds: number
  queries: number
  /** How many rows are scrolled through. */
  scrolled: number
  /** A folder whose rows are kept for the next run. */
  folder?: string | undefined
}

/** The hunt screen in a real browser, as an analyst would use it. */
export async function web({ rows, rounds, queries, scrolled, folder }: Options) {
  const scripts = bundle()
  const server = await openRows(rows, folder)
  const browser = await openBrowser()
  try {
    const load = [loadAverage()]
    const visit = await openPage(browser, server)
    const paint = await firstPaint(visit, rounds)
    const drawn = await queriesDrawn(visit, rounds)
    const keys = await fastKeys(visit, rounds)
    const scroll = await scrolling(visit, scrolled, Math.ceil(rounds / 5))
    load.push(loadAverage())
    const heap = await memory(visit, queries)
    load.push(loadAverage())
    return {
      rows: server.rows,
      loadSeconds: server.loadSeconds,
      rounds,
      load,
      scripts,
      paint,
      drawn,
      keys,
      scroll,
      heap,
    }
  } finally {
    await browser.close()
    await server.close()
  }
}

/** Kilobytes of gzipped JavaScript. */
function bundle() {
  const { withImports, entry, chunkOf, kilobytes, beyondShell } = builtScripts()
  const rounded = (names: Iterable<string>) => Math.round(kilobytes(names))
  return {
    firstLoadKb: rounded(withImports(entry())),
    withShellKb: rounded(withImports([...entry(), chunkOf('Shell')])),
    huntAddsKb: rounded(beyondShell('HuntPage')),
  }
}
