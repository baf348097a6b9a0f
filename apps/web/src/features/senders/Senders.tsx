import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { Dot, type Tone } from '../../ui/Dot.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { SilenceDialog } from './SilenceDialog.tsx'
import { bound, duration, kindWords, trouble, type Sender } from './words.ts'

const keyOf = ({ tenantId, tokenId, kind }: Sender) => `${tenantId}.${tokenId}.${kind}`

/** Who sends, how much, how far behind, and what of it was refused. Those that need somebody come first. */
export function Senders() {
  const [watched, setWatched] = useState<Sender>()
  const manages = useMay('token:manage')
  const senders = trpc.senders.list.useQuery({ ...useTenant() }, { refetchInterval: useLookAgain(10_000) })
  const add = manages && (
    <Link to="/admin/tokens" className="linkbutton">
      Add a sender
    </Link>
  )
  return (
    <Panel title="Senders" count={senders.data && count(senders.data.rows.length)} actions={add}>
      <Loaded query={senders}>
        {({ rows }) =>
          rows.length === 0 ? (
            <NoSender manages={manages} />
          ) : (
            <ul className="list" aria-label="Senders">
              {rows.map((sender) => (
                <SenderItem
                  key={keyOf(sender)}
                  sender={sender}
                  watch={manages && sender.kind !== null ? () => setWatched(sender) : undefined}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {watched && <SilenceDialog sender={watched} close={() => setWatched(undefined)} />}
    </Panel>
  )
}

const NoSender = ({ manages }: { manages: boolean }) => (
  <EmptyState
    title="No sender yet"
    action={
      manages && (
        <Button component={Link} to="/admin/tokens">
          Make a token
        </Button>
      )
    }
  >
    Rows come from whoever holds a token of this tenant.{!manages && ' An admin can make one.'}
  </EmptyState>
)

const tones: Record<Sender['state'], Tone> = {
  never: 'hollow',
  learning: 'ok',
  sends: 'ok',
  refused: 'bad',
  stopped: 'warn',
}

function SenderItem({ sender, watch }: { sender: Sender; watch: (() => void) | undefined }) {
  const all = useAllTenants()
  const wrong = trouble(sender)
  return (
    <li className="sender">
      <div className="row g12">
        <div className="grow" style={{ minWidth: 0 }}>
          <Dot tone={tones[sender.state]}>
            <b className="b trunc">{sender.token}</b>
          </Dot>
          <div className="meta" style={{ overflowWrap: 'anywhere' }}>
            {all && (
              <>
                <TenantName id={sender.tenantId} /> ·{' '}
              </>
            )}
            {bound(sender)}
            {sender.kind !== null && ` · ${kindWords[sender.kind] ?? sender.kind}`}
          </div>
        </div>
        <Spark bars={sender.lastHour} />
        <span className="meta" style={{ textAlign: 'right', minWidth: 72 }}>
          <Time at={sender.lastAt} none="never used" />
        </span>
      </div>
      {wrong && (
        <div className="wrong">
          <Dot tone={tones[sender.state]}>{wrong}</Dot>
        </div>
      )}
      {sender.kind !== null && <Figures sender={sender} watch={watch} />}
    </li>
  )
}

function Figures({ sender, watch }: { sender: Sender; watch: (() => void) | undefined }) {
  const { rateNow, rateHour, rowsToday, lagMs, rowsRejected, refused } = sender
  const words = [
    `${count(rateNow)} rows/min now, ${count(rateHour)} over the hour`,
    `${plural(rowsToday, 'row')} today`,
    lagMs !== null && `${duration(lagMs / 1000)} behind`,
    (rowsRejected ?? 0) > 0 && `${count(rowsRejected!)} set aside`,
    (refused ?? 0) > 0 && `${count(refused!)} refused`,
  ]
  return (
    <div className="row meta">
      <span className="grow">{words.filter(Boolean).join(' · ')}</span>
      {watch && (
        <button
          type="button"
          className="linkbutton"
          aria-label={`When silent… ${sender.token}, ${kindWords[sender.kind!]}`}
          onClick={watch}
        >
          When silent…
        </button>
      )}
    </div>
  )
}

/** Rows of the last hour, five minutes a bar. The figures beside it say the same in words. */
function Spark({ bars }: { bars: number[] }) {
  const most = Math.max(...bars)
  return (
    <svg width={60} height={20} viewBox="0 0 60 20" aria-hidden className="bars">
      {bars.map((n, i) => {
        const height = most === 0 ? 0 : Math.max(n > 0 ? 2 : 0, Math.round((n / most) * 20))
        return <rect key={i} x={i * 5} y={20 - height} width={4} height={height} />
      })}
    </svg>
  )
}
