import type { openBrowser } from '../apps/web/e2e/browser.ts'
import { latency, timed } from './figures.ts'
import { scrollThrough, watchPage } from './web-watch.ts'

type Browser = Awaited<ReturnType<typeof openBrowser>>

const pixelsAFrame = 200
const slowFrameMs = 50

interface Server {
  base: string
  who: { username: string; password: string }
  clientIds: string[]
}

/** Signed in, with the shell's scripts in the browser's cache. */
export async function openPage(browser: Browser, { base, who, clientIds }: Server) {
  const context = await browser.newContext({ baseURL: base, viewport: { width: 1440, height: 900 } })
  await context.addInitScript(watchPage)
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto('/hunt')
  await page.getByLabel('User name').fill(who.username)
  await page.getByLabel(/^Password/).fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForFunction(() => window.bench.rows !== undefined)
  let asked = 0
  /** Another host each time, so that the first row is another one, and never the same query twice. */
  const nextQuery = () => {
    const query = `host:${clientIds[asked % clientIds.length]} NOT nothing-${asked}`
    asked++
    return query
  }
  return { page, cdp: await context.newCDPSession(page), nextQuery }
}

type Visit = Awaited<ReturnType<typeof openPage>>

/** From asking for the page to its query bar and to its rows on the screen. */
export async function firstPaint({ page }: Visit, rounds: number) {
  const [bar, rows, content]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    await page.goto('/hunt')
    await page.waitForFunction(() => window.bench.rows !== undefined)
    const seen = await page.evaluate(() => ({
      ...window.bench,
      content: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    }))
    bar.push(seen.bar!)
    rows.push(seen.rows!)
    content.push(seen.content!)
  }
  return { firstContentMs: latency(content), huntScreenMs: latency(bar), rowsMs: latency(rows) }
}

/** Asks by typing, and returns when the rows of the answer are drawn: milliseconds from answer to screen. */
async function ask({ page }: Visit, query: string) {
  await page.evaluate(() => {
    const { bench } = window
    bench.before = document.querySelector('[role=grid] [aria-rowindex="2"]')?.textContent ?? ''
    bench.answered = bench.drawn = undefined
  })
  const bar = page.getByRole('textbox', { name: 'Query' })
  await bar.fill(query)
  await bar.press('Enter')
  const drawn = await page.waitForFunction(() => {
    const { drawn, answered } = window.bench
    return drawn !== undefined && answered !== undefined && { took: drawn - answered }
  })
  return ((await drawn.jsonValue()) as { took: number }).took
}

export async function queriesDrawn(visit: Visit, rounds: number) {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(await ask(visit, visit.nextQuery()))
  return { answerToScreenMs: latency(times) }
}

/** Forty presses at once, from the first row. */
export async function fastKeys({ page }: Visit, rounds: number) {
  const grid = page.getByRole('grid', { name: 'Rows' })
  await page.goto('/hunt')
  await grid.waitFor()
  let landed = 0
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    await grid.focus()
    await grid.press('Home')
    times.push(await timed(() => Promise.all(Array.from({ length: 40 }, () => page.keyboard.press('j')))))
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    const at = await grid.evaluate((box) => {
      const cell = document.getElementById(box.getAttribute('aria-activedescendant') ?? '')?.getBoundingClientRect()
      const { top, bottom } = box.getBoundingClientRect()
      const isSeen = cell !== undefined && cell.top >= top && cell.bottom <= bottom
      return { cell: box.getAttribute('aria-activedescendant'), isSeen }
    })
    if (at.cell?.startsWith('cell-40-') && at.isSeen) landed++
  }
  return { rounds, landedOnRow40: landed, fortyPressesMs: latency(times) }
}

/** So many rows, read page by page first; then from top to bottom, against the frames of the same page at rest. */
export async function scrolling({ page, cdp }: Visit, wanted: number, passes: number) {
  const grid = page.getByRole('grid', { name: 'Rows' })
  await page.goto('/hunt')
  await grid.waitFor()
  const loading = await timed(async () => {
    while (Number(await grid.getAttribute('aria-rowcount')) <= wanted) {
      const before = await grid.getAttribute('aria-rowcount')
      await grid.evaluate((box) => (box.scrollTop = box.scrollHeight))
      await page.waitForFunction(
        (count) => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') !== count,
        before,
      )
    }
  })
  const [frames, resting]: [number[], number[]] = [[], []]
  await cdp.send('Performance.enable')
  let taskSeconds = 0
  for (let pass = 0; pass < passes; pass++) {
    await grid.evaluate((box) => (box.scrollTop = 0))
    const before = await busy(cdp)
    const moved = await page.evaluate(scrollThrough, { pixels: pixelsAFrame, frames: 0 })
    taskSeconds += (await busy(cdp)) - before
    frames.push(...moved)
    resting.push(...(await page.evaluate(scrollThrough, { pixels: 0, frames: moved.length })))
  }
  return {
    rows: Number(await grid.getAttribute('aria-rowcount')) - 1,
    readSeconds: Math.round(loading / 1000),
    passes,
    pixelsAFrame,
    frameMs: latency(frames),
    framesOver50: slow(frames),
    workPerFrameMs: Number(((taskSeconds * 1000) / frames.length).toFixed(1)),
    atRest: { frameMs: latency(resting), framesOver50: slow(resting) },
  }
}

const slow = (frames: number[]) => frames.filter((ms) => ms > slowFrameMs).length

/** Seconds that the page's main thread has worked. */
async function busy(cdp: Visit['cdp']) {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')!.value
}

/** What the page keeps, its garbage collected, each tenth of the queries. */
export async function memory(visit: Visit, queries: number) {
  const { page, cdp } = visit
  await page.goto('/hunt')
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  await cdp.send('Performance.enable')
  const seen: { query: number; heapMb: number; nodes: number; listeners: number }[] = []
  for (let query = 1; query <= queries; query++) {
    await ask(visit, visit.nextQuery())
    if (query % Math.max(1, Math.round(queries / 20)) === 0) seen.push({ query, ...(await held(cdp)) })
  }
  const heap = seen.map(({ heapMb }) => heapMb)
  const half = seen.slice(Math.floor(seen.length / 2))
  return {
    queries,
    firstMb: heap[0],
    lastMb: heap.at(-1),
    mbPer100Queries: slope(seen),
    mbPer100QueriesOfSecondHalf: slope(half),
    seen,
  }
}

async function held(cdp: Visit['cdp']) {
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (wanted: string) => metrics.find(({ name }) => name === wanted)!.value
  return { heapMb: Number((usedSize / 2 ** 20).toFixed(1)), nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

/** Least squares. */
function slope(seen: { query: number; heapMb: number }[]) {
  const mean = (of: number[]) => of.reduce((sum, n) => sum + n, 0) / of.length
  const [x, y] = [mean(seen.map(({ query }) => query)), mean(seen.map(({ heapMb }) => heapMb))]
  const above = seen.reduce((sum, one) => sum + (one.query - x) * (one.heapMb - y), 0)
  const below = seen.reduce((sum, one) => sum + (one.query - x) ** 2, 0)
  return Number(((above / below) * 100).toFixed(2))
}
