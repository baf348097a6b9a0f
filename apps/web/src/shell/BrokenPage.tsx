import { Button } from '@mantine/core'
import { NotFoundState, Quiet } from '../ui/QuietPage.tsx'

export function MissingPage() {
  return (
    <main className="main" id="main">
      <NotFoundState what="No such page" />
    </main>
  )
}

/** A fault in the page itself, or a part of the web that could not be loaded. */
export function BrokenPage({ error }: { error: unknown }) {
  const message = error instanceof Error ? error.message : String(error)
  const stale = /dynamically imported|module script|preload/i.test(message)
  return (
    <main className="main" id="main">
      <Quiet
        title={stale ? 'A part of this page could not be loaded' : 'This page failed'}
        actions={<Button onClick={() => location.reload()}>Load again</Button>}
      >
        {stale
          ? 'The server was updated, or the connection broke. Nothing was changed.'
          : 'The fault is in the page, not in your data. Nothing was changed.'}{' '}
        <span className="mono">{message}</span>
      </Quiet>
    </main>
  )
}
