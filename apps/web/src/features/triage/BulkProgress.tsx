import { Button } from '@mantine/core'
import { useState } from 'react'
import { count, plural } from '../../lib/format.ts'
import { useBulkEnd, wordsOf } from './useBulk.ts'

/** How far the change of all rows of a query is; nothing while there is none. */
export function BulkProgress() {
  const { now, stop } = useBulkEnd()
  const [stopping, setStopping] = useState(false)
  if (!now) return null
  const { rows, what, blocks, blocksDone } = now
  return (
    <span className="row g8 bulk">
      <output>
        {`${plural(rows, 'row')} ${wordsOf(what)} so far`}
        {blocks !== null && blocks > 0 && ` · ${count(blocksDone)} of ${plural(blocks, 'block')}`}
      </output>
      <Button
        variant="subtle"
        size="compact-xs"
        loading={stopping}
        onClick={() => {
          setStopping(true)
          void stop().finally(() => setStopping(false))
        }}
      >
        Stop
      </Button>
    </span>
  )
}
