import { QueryClient } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink, httpLink, splitLink, TRPCClientError, type TRPCLink } from '@trpc/client'
import { createTRPCReact } from '@trpc/react-query'
import { observable } from '@trpc/server/observable'
import type { inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '@velocicompanion/api'
import { accessToken, inTurn } from './session.ts'

export type Outputs = inferRouterOutputs<AppRouter>

export const trpc = createTRPCReact<AppRouter>()

const url = '/api/trpc'

/** Alone and without the retry below, so that a refused refresh ends there. */
const bare = createTRPCClient<AppRouter>({ links: [httpLink({ url })] })

let refreshing: Promise<boolean> | undefined

/** Trades the cookie for a new access token; all who need it at the same time share one request. */
export function refresh(): Promise<boolean> {
  refreshing ??= inTurn(async () => {
    try {
      const { accessToken: token } = await bare.auth.refresh.mutate()
      accessToken.set(token)
      return true
    } catch (error) {
      if (!(error instanceof TRPCClientError) || !error.data) throw error
      accessToken.set(undefined)
      return false
    }
  }).finally(() => {
    refreshing = undefined
  })
  return refreshing
}

const withoutRefresh = new Set(['auth.signIn', 'auth.register', 'auth.redeem', 'auth.firstRun', 'auth.refresh'])

/** Repeats a call once with a fresh token when the old one has run out. */
const retryOnce: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) => {
      let stop = next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error: (error) => void again(error),
      })
      async function again(error: TRPCClientError<AppRouter>) {
        if (error.data?.code !== 'UNAUTHORIZED' || withoutRefresh.has(op.path)) return observer.error(error)
        const ok = await refresh().catch(() => false)
        if (!ok) return observer.error(error)
        stop = next(op).subscribe(observer)
      }
      return () => stop.unsubscribe()
    })

const headers = () => {
  const token = accessToken.get()
  return token ? { authorization: `Bearer ${token}` } : {}
}

/** Queries whose input may be large, or that hold evidence values, which should not stand in a URL. */
const byPost = /^(rows|values|indicators|timeline|processes|triage)\.|^ingestion\.previewCsv$/

const links = (): TRPCLink<AppRouter>[] => [
  retryOnce,
  splitLink({
    condition: (op) => byPost.test(op.path),
    true: httpLink({ url, headers, methodOverride: 'POST' }),
    false: httpBatchLink({ url, headers, maxURLLength: 2000, maxItems: 20 }),
  }),
]

export const trpcClient = trpc.createClient({ links: links() })

/** For what is not a component: the same calls as promises. */
export const client = createTRPCClient<AppRouter>({ links: links() })

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof TRPCClientError) || !error.data || (error.data.httpStatus ?? 0) >= 500),
    },
    mutations: { retry: false },
  },
})
