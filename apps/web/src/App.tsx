import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { queryClient, trpc, trpcClient } from './api.ts'
import type { makeRouter } from './router.tsx'
import { cssVariablesResolver, theme } from './ui/theme.ts'

interface AppProps {
  router: ReturnType<typeof makeRouter>
  /** Marks the style elements as ours for the content security policy. */
  nonce?: string
}

/** The whole web. */
export function App({ router, nonce = '' }: AppProps) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <trpc.Provider client={trpcClient} queryClient={queryClient}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </trpc.Provider>
    </MantineProvider>
  )
}
