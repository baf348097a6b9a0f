import './shell.css'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { queryClient, trpc } from '../api.ts'
import { useKeptLooks } from '../features/preferences/useKeptLooks.ts'
import { onKeyDown } from '../lib/keys.ts'
import { MeContext } from '../lib/me.ts'
import { problemOf } from '../lib/problem.ts'
import { useDensityAttribute } from '../lib/prefs.ts'
import { accessToken, onSignedOutElsewhere } from '../session.ts'
import { ConfirmHost } from '../ui/Confirm.tsx'
import { SkeletonRows } from '../ui/Skeleton.tsx'
import { ErrorState } from '../ui/states.tsx'
import { Toaster } from '../ui/toast.tsx'
import { Banners } from './Banners.tsx'
import { GlobalKeys } from './GlobalKeys.tsx'
import { KeySheet } from './KeySheet.tsx'
import { Palette } from './Palette.tsx'
import { Rail } from './Rail.tsx'
import { TopBar } from './TopBar.tsx'

/** Rail, top bar and what floats over every page. */
export function Shell() {
  const me = trpc.auth.me.useQuery(undefined, { staleTime: 60_000 })
  useLeaving(me.error)
  useDensityAttribute()
  useKeptLooks()
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  if (!me.data) {
    return (
      <main className="main" id="main">
        {me.error ? <ErrorState error={me.error} retry={() => void me.refetch()} /> : <SkeletonRows />}
      </main>
    )
  }
  return (
    <MeContext value={me.data}>
      <a className="skiplink" href="#main">
        Skip to the page
      </a>
      <div className="app">
        <Rail />
        <TopBar />
        <div className="stage">
          <Banners />
          <Outlet />
        </div>
      </div>
      <GlobalKeys />
      <Palette />
      <KeySheet />
      <Toaster />
      <ConfirmHost />
    </MeContext>
  )
}

/** Goes to the sign-in page when the session has ended, here or in another tab. */
function useLeaving(error: unknown) {
  const navigate = useNavigate()
  const out = Boolean(error) && problemOf(error).kind === 'signed_out'
  useEffect(() => {
    const go = () => {
      accessToken.set(undefined)
      queryClient.clear()
      void navigate({ to: '/sign-in', search: { next: location.pathname + location.search } })
    }
    if (out) go()
    const unsubscribe = onSignedOutElsewhere(go)
    return () => unsubscribe()
  }, [out, navigate])
}
