/** What runs inside the page, before any script of its own: it notes when something stands on the screen, and when answers came. */
export interface Watch {
  /** Milliseconds since the page was asked for. */
  bar: number | undefined
  rows: number | undefined
  /** When the answer of the latest search was there. */
  answered: number | undefined
  /** When its rows were on the screen. */
  drawn: number | undefined
  /** Waits for rows that are not these. */
  before: string | undefined
}

declare global {
  interface Window {
    bench: Watch
  }
}

/** Self-contained, for it is sent to the browser as text. */
export function watchPage() {
  const watch: Watch = { bar: undefined, rows: undefined, answered: undefined, drawn: undefined, before: undefined }
  window.bench = watch
  const first = () => document.querySelector('[role=grid] [aria-rowindex="2"]')?.textContent ?? undefined
  // The task behind a frame's callbacks runs when that frame is on its way to the screen.
  const painted = (then: (at: number) => void) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => then(performance.now())
      port2.postMessage(undefined)
    })
  let [bar, rows, drawn] = [false, false, true]
  const look = () => {
    if (!bar && document.querySelector('textarea[aria-label=Query]')) {
      bar = true
      painted((at) => (watch.bar = at))
    }
    if (!rows && first()) {
      rows = true
      painted((at) => (watch.rows = at))
    }
    if (watch.before === undefined || watch.answered === undefined) return (drawn = false)
    const now = first()
    if (drawn || now === undefined || now === watch.before) return
    drawn = true
    painted((at) => (watch.drawn = at))
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true })
  new PerformanceObserver((list) => {
    for (const { name, responseEnd } of list.getEntries() as PerformanceResourceTiming[])
      if (name.includes('/rows.search')) {
        watch.answered = responseEnd
        look()
      }
  }).observe({ type: 'resource', buffered: true })
}

/** Scrolls to the end, so many pixels a frame; the lengths of the frames in milliseconds. With 0 pixels it only watches `frames` of them. */
export function scrollThrough({ pixels, frames }: { pixels: number; frames: number }) {
  const box = document.querySelector('[role=grid]')!
  return new Promise<number[]>((done) => {
    const lengths: number[] = []
    let last: number | undefined
    const step = (at: number) => {
      if (last !== undefined) lengths.push(at - last)
      last = at
      box.scrollTop += pixels
      const isEnd = pixels === 0 ? lengths.length >= frames : box.scrollTop + box.clientHeight >= box.scrollHeight - 1
      if (isEnd) done(lengths)
      else requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  })
}
