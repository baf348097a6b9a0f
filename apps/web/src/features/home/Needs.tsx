import { Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { count } from '../../lib/format.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { useReading } from '../notifications/unread.ts'
import { useNeeds } from './useNeeds.ts'

type Found = NonNullable<ReturnType<typeof useNeeds>['data']>[number]

const atFirst = 8

/** Everything that waits for a person, the worst first, each with the one thing to do about it. */
export function Needs() {
  const needs = useNeeds()
  const [isWhole, setWhole] = useState(false)
  return (
    <Panel title="Needs you now" count={needs.data && count(needs.data.length)}>
      <Loaded query={needs}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState title="Nothing needs you">
              No sender stopped, no announced row is missing, no line is set aside, and no host is late.
            </EmptyState>
          ) : (
            <>
              <ul className="list needs" aria-label="Needs you now">
                {(isWhole ? rows : rows.slice(0, atFirst)).map((need) => (
                  <One key={need.key} need={need} />
                ))}
              </ul>
              {rows.length > atFirst && (
                <div className="needsmore">
                  <button type="button" className="linkbutton" onClick={() => setWhole(!isWhole)}>
                    {isWhole ? `Show the first ${atFirst}` : `Show all ${count(rows.length)}`}
                  </button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  )
}

function One({ need }: { need: Found }) {
  const all = useAllTenants()
  const { level, kind, title, detail, tenantId, at, action } = need
  return (
    <li className={`edge sev-${level}`}>
      <span className="what">
        <Severity level={level} />
        <span className="meta">{kind}</span>
      </span>
      <span className="grow">
        <span className="b trunc" title={title}>
          <Evidence text={title} />
        </span>
        <span className="meta trunc" title={detail}>
          {all && tenantId !== undefined && (
            <>
              <TenantName id={tenantId} />
              {' · '}
            </>
          )}
          <Evidence text={detail} />
        </span>
      </span>
      <span className="meta nowrap">{at !== undefined && <Time at={at} />}</span>
      <Action need={need} name={`${action}: ${title}`} />
    </li>
  )
}

function Action({ need: { action, link, follow, id }, name }: { need: Found; name: string }) {
  const router = useRouter()
  const { read } = useReading()
  const words = (
    <>
      {action}
      <span className="sr">{name.slice(action.length)}</span>
    </>
  )
  if (follow === undefined)
    return (
      <Link {...link} className="needact">
        {words}
      </Link>
    )
  return (
    <a
      href={follow}
      className="needact"
      onClick={(event) => {
        if (id !== undefined) read({ id })
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        router.history.push(follow)
      }}
    >
      {words}
    </a>
  )
}
