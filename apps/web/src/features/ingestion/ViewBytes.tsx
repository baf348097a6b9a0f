import { Button, Modal, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { bytesOf, hexOf, textOf } from './bytes.ts'

type Line = Outputs['ingestion']['rejected']['rows'][number]

const step = 4096

/** What arrived, as text with what cannot be seen by name, or as hex. The first part of at most 1 MB; the file has all. */
export function ViewBytes({ line, close }: { line: Line; close: () => void }) {
  const [as, setAs] = useState('text')
  const [shown, setShown] = useState(step)
  const part = trpc.ingestion.rejectedPart.useQuery({ tenant: line.tenantId, id: line.id, part: 0 })
  return (
    <Modal opened onClose={close} title={`Line ${count(line.lineNumber)} of delivery ${line.deliveryId}`} size={860}>
      <div className="col g12">
        <div className="row g12">
          <SegmentedControl
            aria-label="Show as"
            value={as}
            data={[
              { value: 'text', label: 'Text' },
              { value: 'hex', label: 'Hex' },
            ]}
            onChange={setAs}
          />
          <span className="t2">{line.triedReason ?? line.reason}</span>
        </div>
        <Loaded query={part}>
          {({ bytes }) => {
            const all = bytesOf(bytes)
            const some = all.subarray(0, shown)
            return (
              <>
                {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role -- what scrolls must be reached by key, and named */}
                <pre className="code bytes" tabIndex={0} role="group" aria-label="What arrived">
                  {as === 'hex' ? hexOf(some) : <Evidence text={textOf(some)} />}
                </pre>
                <div className="row g12">
                  <span className="meta">
                    {some.length < line.byteLength
                      ? `first ${count(some.length)} of ${count(line.byteLength)} bytes`
                      : `all ${count(line.byteLength)} bytes`}
                  </span>
                  {some.length < all.length && (
                    <Button variant="subtle" onClick={() => setShown(shown * 4)}>
                      Show more
                    </Button>
                  )}
                </div>
              </>
            )
          }}
        </Loaded>
      </div>
    </Modal>
  )
}
