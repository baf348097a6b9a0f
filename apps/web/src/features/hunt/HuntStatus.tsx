import { Popover } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { Outputs } from '../../api.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { count, plural } from '../../lib/format.ts'
import { Mono } from '../../ui/Value.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { Hidden } from './HideBenign.tsx'
import { newestWords } from './times.ts'
import type { Hunt } from './useHunt.ts'

type Whole = Outputs['collections']['whole']

export interface Counted {
  total: number
  totalIsExact: boolean
  tookMs: number
  /** Benign rows that match and are left out. */
  hidden: number
}

interface HuntStatusProps {
  hunt: Hunt
  /** What is told of the answer before all else: that it is awaited, failed or stopped. */
  state?: string | undefined
  counted: Counted | undefined
  shown: string
  /** What stands for another query or is not the newest. */
  updating: boolean
  whole: Whole | undefined
}

const keys = [
  { keys: ['/'], label: 'query' },
  { keys: ['J', 'K'], label: 'move' },
  { keys: ['Enter'], label: 'open' },
  { keys: ['M'], label: 'value menu' },
  { keys: ['0', '4'], label: 'triage' },
  { keys: ['?'], label: 'all keys' },
]

/** Always there and always in this order. What is not whole is amber and opens its list. */
export function HuntStatus({ hunt, state, counted, shown, updating, whole }: HuntStatusProps) {
  return (
    <StatusLine
      parts={[
        state,
        counted && <b className="b">{matching(counted)}</b>,
        hunt.hideBenign && <Hidden key="h" hunt={hunt} counted={counted} />,
        shown,
        counted && `${count(counted.tookMs)} ms`,
        whole && newestWords(whole.newest),
        whole && whole.unanswered.total > 0 && <Unanswered key="u" {...whole.unanswered} />,
        whole && whole.incomplete.total > 0 && <Incomplete key="i" {...whole.incomplete} />,
        updating && 'updating',
      ]}
      keys={keys}
    />
  )
}

/** Exact, or said to be the least. */
export const matching = ({ total, totalIsExact }: Counted) =>
  `${totalIsExact ? '' : 'at least '}${plural(total, 'row matches', 'rows match')}`

interface ListedProps {
  words: string
  rows: { id: number; what: ReactNode }[]
  total: number
  /** Where all of them are listed. */
  more?: ReactNode
}

function Listed({ words, rows, total, more }: ListedProps) {
  const [opened, open] = useState(false)
  return (
    <Popover opened={opened} onChange={open} width={420} position="top-start" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="warnlink" onClick={() => open(!opened)}>
          <u>{words}</u>
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={words}>
        <ul className="lacking">
          {rows.map(({ id, what }) => (
            <li key={id}>{what}</li>
          ))}
        </ul>
        <p className="meta">
          {rows.length === total ? `all ${count(total)} shown` : `${count(rows.length)} of ${count(total)} shown`}
          {more && <> · {more}</>}
        </p>
      </Popover.Dropdown>
    </Popover>
  )
}

function Unanswered({ total, rows }: Whole['unanswered']) {
  const all = useAllTenants()
  return (
    <Listed
      words={`${plural(total, 'host', 'hosts')} did not answer`}
      total={total}
      rows={rows.map(({ id, tenantId, hostname, flowId }) => ({
        id,
        what: (
          <Link
            className="plainlink row"
            to="/collections/$id"
            params={{ id: String(id) }}
            search={{ tenant: all ? tenantId : undefined }}
          >
            <Mono value={hostname} />
            <span className="meta end mono">{flowId}</span>
          </Link>
        ),
      }))}
    />
  )
}

function Incomplete({ total, rows }: Whole['incomplete']) {
  const all = useAllTenants()
  return (
    <Listed
      words={`${plural(total, 'delivery', 'deliveries')} incomplete`}
      total={total}
      more={
        <Link className="link" to="/collections" search={{ incomplete: true }}>
          All in Collections
        </Link>
      }
      rows={rows.map(({ id, tenantId, hostname, rowsReceived, rowsExpected }) => ({
        id,
        what: (
          <Link
            className="plainlink row"
            to="/collections/$id"
            params={{ id: String(id) }}
            search={{ tenant: all ? tenantId : undefined }}
          >
            <Mono value={hostname} />
            <span className="meta end">
              {count(rowsReceived)} of {rowsExpected === null ? 'an unknown number of' : count(rowsExpected)} rows
            </span>
          </Link>
        ),
      }))}
    />
  )
}
