import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

export interface Scene {
  path: string
  /** A name that stands on the page when it is whole. */
  whole: string | RegExp
  /** What a person does there before it is looked at. */
  act?: (page: Page) => Promise<void>
  /** Only this part is looked at: what lies beneath a dialog is a scene of its own. */
  within?: string
}

const looks = [
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 1720 },
] as const

/** Not on by itself: who speaks to the page says what is written on a button. */
const rules = { 'label-content-name-mismatch': { enabled: true } }

/** What axe finds on the scene in any of the looks, each in one line. */
export async function found(page: Page, { path, whole, act, within }: Scene) {
  await page.goto(path)
  await page.getByText(whole).first().waitFor()
  await act?.(page)
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
  return look(page, path, within)
}

/** A colour on its way from one scheme to the other has no contrast of its own; what goes round for ever is not waited for. */
const settled = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    const ending = document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity)
    await Promise.all(ending.map((one) => one.finished.catch(() => undefined)))
  })

/** The same for what is on the screen now. */
export async function look(page: Page, name: string, within?: string) {
  const lines = new Set<string>()
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 800 })
    await settled(page)
    const axe = new AxeBuilder({ page })
    if (within) axe.include(within)
    const { violations, passes } = await axe
      .setLegacyMode(true)
      .options({ rules, resultTypes: ['violations'] })
      .analyze()
    expect(passes.length).toBeGreaterThan(5)
    for (const { id, nodes } of violations)
      for (const { html } of nodes) lines.add(`${name} ${colorScheme} ${width} ${id}: ${html.slice(0, 160)}`)
  }
  return [...lines]
}

const sizes = [
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
]

/** What stands beyond the window or is cut without a mark at any of the sizes that must work, each in one line. */
export async function beyond(page: Page, name: string) {
  const lines = new Set<string>()
  for (const size of sizes) {
    await page.setViewportSize(size)
    await settled(page)
    for (const what of await page.evaluate(cutOff)) lines.add(`${name} ${size.width}: ${what}`)
  }
  return [...lines]
}

/** Runs in the page. What scrolls by itself may be wider than it is; what ends with … says so. */
function cutOff() {
  const found: string[] = []
  const { clientWidth, clientHeight, scrollWidth, scrollHeight } = document.documentElement
  if (scrollWidth > clientWidth) found.push(`the page scrolls sideways by ${scrollWidth - clientWidth}`)
  if (document.querySelector('.huntbody') && scrollHeight > clientHeight) found.push('the page scrolls down')
  const controls = document.querySelectorAll<HTMLElement>('button, a, h1, h2, th, [role=columnheader], [role=tab]')
  for (const one of controls) {
    const { left, right, width } = one.getBoundingClientRect()
    const scrolls = one.closest('.grid-wrap, .scrollx, .sr, [aria-hidden=true]')
    if (width <= 1 || scrolls || getComputedStyle(one).visibility === 'hidden') continue
    if (left < 0 || right > clientWidth + 1) found.push(`${one.tagName} ${one.textContent.slice(0, 40)} is outside`)
    const marked = [one, ...one.querySelectorAll('*')].some((e) => getComputedStyle(e).textOverflow === 'ellipsis')
    if (!marked && one.scrollWidth > one.clientWidth + 2 && getComputedStyle(one).overflowX !== 'visible')
      found.push(`${one.tagName} ${one.textContent.slice(0, 40)} is cut`)
  }
  return found
}
