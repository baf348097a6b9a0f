import { cleanup, configure, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { createMemoryHistory, type RouterHistory } from '@tanstack/react-router'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { appRouter, openIngest, receive, type Actor } from '@velocicompanion/api'
import type { Role } from '@velocicompanion/api/permissions'
import { testBed } from '@velocicompanion/api/testing'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createElement } from 'react'
import { vi } from 'vitest'

/** The page that the web is drawn into. */
const body = readFileSync(join(import.meta.dirname, '..', 'index.html'), 'utf8').split(/<\/?body>/)[1]!

/**
 * The real web on its real router: its links' requests reach the real tRPC router and a real database in this process.
 * Only the network between them is left out.
 */
export async function pageBed() {
  fillIn()
  configure({ asyncUtilTimeout: 15_000 })
  const bed = await testBed()
  let actor: Actor | undefined
  let history: RouterHistory | undefined
  let weather: Weather = () => undefined
  const answer = async (path: string, { method, headers, body }: RequestInit) => {
    await weather(path)
    return fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request(`http://web.test${path}`, { method, headers, body } as RequestInit),
      router: appRouter,
      allowMethodOverride: true,
      createContext: () => ({ database: bed.database, services: bed.services, actor, origin: {} }),
    })
  }
  vi.stubGlobal('fetch', answer)
  // After the stub: the links take `fetch` when they are made.
  const [{ App }, { makeRouter }, { accessToken }, { queryClient }] = await Promise.all([
    import('./App.tsx'),
    import('./router.tsx'),
    import('./session.ts'),
    import('./api.ts'),
  ])

  const newActor = async (tenantId: number, role: Role) => {
    const username = `${role}-${crypto.randomUUID()}`
    const { id } = await bed.one<{ id: number }>(
      'insert into users (tenant_id, username, role) values ($1, $2, $3) returning id',
      [tenantId, username, role],
    )
    return { userId: id, username, tenantId, role }
  }
  interface Opening {
    tenantId: number
    role?: Role
    /** The person of before, not a new one. */
    again?: boolean
  }
  /** Signs a new person in and opens the page. Gives what a user does with it. */
  const open = async (path: string, { tenantId, role = 'user', again = false }: Opening) => {
    cleanup()
    weather = () => undefined
    queryClient.clear()
    if (!again) actor = await newActor(tenantId, role)
    accessToken.set('the test says who is there')
    document.body.innerHTML = body
    history = createMemoryHistory({ initialEntries: [path] })
    render(createElement(App, { router: makeRouter(history) }), { container: document.getElementById('root')! })
    await screen.findByRole('main')
    return userEvent.setup()
  }
  const close = async () => {
    cleanup()
    vi.unstubAllGlobals()
    await bed.close()
  }
  return {
    ...bed,
    open,
    address: () => history?.location.href,
    /** What the network does to each request until the next page is opened: it may hold it, or throw as a lost line does. */
    setWeather: (next: Weather) => {
      weather = next
    },
    /** Looks again at once at what a page looks at from time to time. */
    lookAgain: () => queryClient.invalidateQueries({ queryKey: [['collections']] }),
    close,
  }
}

type Weather = (path: string) => Promise<unknown> | undefined

export type PageBed = Awaited<ReturnType<typeof pageBed>>

/** Sends rows as the Feed does, for one source of a collection on a host. */
export async function sendFlow(
  bed: PageBed,
  tenantId: number,
  { expected, rows, flow: flowId = 'F.1' }: { expected: number; rows: string[]; flow?: string },
) {
  const { id: userId } = await bed.one<{ id: number }>(
    "insert into users (tenant_id, username, role) values ($1, $2, 'admin') returning id",
    [tenantId, crypto.randomUUID()],
  )
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'main', 'root') on conflict (tenant_id, name, org_id) do update set name = excluded.name returning id",
    [tenantId],
  )
  const { id: tokenId } = await bed.one<{ id: number }>(
    "insert into api_tokens (tenant_id, name, scope, token_hash, hint, server_id, created_by) values ($1, 't', 'ingest', $2, 'vct_', $3, $4) returning id",
    [tenantId, Buffer.from(crypto.randomUUID()), serverId, userId],
  )
  const flow = { version: 1, org_id: 'root', client_id: 'C.1', flow_id: flowId, hunt_id: '' }
  const envelope = { kind: 'batch', ...flow, artifact: 'Custom.Test', start_row: 0, rows: rows.length }
  const end = { kind: 'flow_end', ...flow, rows: expected, artifacts: [{ artifact: 'Custom.Test', rows: expected }] }
  const ingest = await openIngest(bed.database)
  const credential = { tenantId, tokenId, serverId }
  for (const body of [[JSON.stringify(envelope), ...rows], [JSON.stringify(end)]]) {
    const bytes = Buffer.from(body.map((line) => `${line}\n`).join(''))
    await receive(ingest, {
      credential,
      body: (async function* () {
        yield bytes
      })(),
      limit: 1e6,
      origin: {},
    })
  }
  await ingest.close()
}

/** What a browser has and jsdom does not: media queries, sizes, fonts and scrolling. */
function fillIn() {
  Object.assign(document, { fonts: new EventTarget() })
  window.matchMedia = (media) =>
    ({ media, matches: false, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  // Nothing comes near by itself where nothing scrolls.
  window.IntersectionObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  } as unknown as typeof IntersectionObserver
  window.scrollTo = () => {}
  Element.prototype.scrollIntoView = () => {}
  Element.prototype.scrollTo = () => {}
  Element.prototype.setPointerCapture = () => {}
  const size = { configurable: true, get: () => 800 }
  Object.defineProperties(Element.prototype, { clientHeight: size, clientWidth: size })
  Object.defineProperties(HTMLElement.prototype, { offsetHeight: size, offsetWidth: size })
  Element.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 800, 800)
}
