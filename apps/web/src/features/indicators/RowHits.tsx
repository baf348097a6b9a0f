import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { plural } from '../../lib/format.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { Mono } from '../../ui/Value.tsx'
import { type Finds, placesOf } from './places.ts'
import { useHitsOf } from './useRowHits.ts'
import { kindWord, type RowHit } from './words.ts'
import './indicators.css'

interface RowHitsProps {
  row: { id: string; tenantId: number; data?: unknown }
}

/** The indicators that stand in a row and where; nothing where there are none. */
export function RowHits({ row }: RowHitsProps) {
  const { hits, finds } = useHitsOf(row.id)
  const all = useAllTenants()
  const leaves = useMemo(() => leavesOf(row.data, []), [row.data])
  if (hits.length === 0) return null
  const lists = [...Map.groupBy(hits, ({ listId }) => listId).values()].map(([first]) => first!)
  const cases = new Map(
    hits.flatMap(({ fromCase, caseId }) => [fromCase?.id ?? [], caseId ?? []].flat().map((id) => [id, id])),
  )
  return (
    <section className="rowhits" aria-label="Matches">
      <div className="row">
        <span className="diamond" aria-hidden>
          ◆
        </span>
        <span className="grow">
          <b className="b">Matches {plural(hits.length, 'indicator')}</b> on{' '}
          {lists.map(({ listId, list, tlp }, i) => (
            <span key={listId}>
              {i > 0 && ', '}
              <Link className="link" to="/indicators" search={{ list: listId }}>
                {list}
              </Link>{' '}
              · TLP:{tlp.toUpperCase()}
            </span>
          ))}
        </span>
        {[...cases.values()].map((id) => (
          <Link
            key={id}
            className="link nowrap"
            to="/cases/$id"
            params={{ id: String(id) }}
            search={{ tenant: all ? row.tenantId : undefined }}
          >
            Case {id}
          </Link>
        ))}
      </div>
      <ul aria-label="Indicators in this row">
        {hits.map((hit) => (
          <li key={hit.id}>
            {kindWord(hit.kind)} <Mono value={hit.value} />
            <Where hit={hit} leaves={leaves} finds={finds} />
            {hit.acknowledgedBy !== null && (
              <span className="meta"> · acknowledged by {visible(hit.acknowledgedBy)}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

type LeafText = { field: string; text: string }
const mostLeaves = 2000

function leavesOf(value: unknown, path: string[]): LeafText[] {
  if (value === null || value === undefined) return []
  if (typeof value !== 'object')
    return [{ field: path.join('.'), text: typeof value === 'string' ? value : JSON.stringify(value) }]
  const all: LeafText[] = []
  for (const [key, below] of Object.entries(value)) {
    all.push(...leavesOf(below, Array.isArray(value) ? path : [...path, key]))
    if (all.length > mostLeaves) break
  }
  return all
}

function Where({ hit, leaves, finds }: { hit: RowHit; leaves: LeafText[]; finds: Finds | undefined }) {
  const fields = [
    ...new Set(leaves.filter(({ text }) => placesOf(text, hit, finds).length > 0).map(({ field }) => field)),
  ]
  if (fields.length === 0) return null
  return (
    <>
      {' '}
      in <Mono value={fields.slice(0, 3).join(', ')} />
      {fields.length > 3 && ` and ${fields.length - 3} more`}
    </>
  )
}
