import { Fragment } from 'react'
import { visible, Evidence } from '../../ui/evidence.tsx'
import { joined, placesOf } from './places.ts'
import { useHitsOf } from './useRowHits.ts'
import './indicators.css'

/** Evidence with a red line under what an indicator matches, and a diamond behind it. */
export function Marked({ text, row }: { text: string; row: string | undefined }) {
  const { hits, finds } = useHitsOf(row)
  const places = joined(hits.flatMap((hit) => placesOf(text, hit, finds)))
  if (places.length === 0) return <Evidence text={text} />
  return (
    <>
      {places.map(([from, to], i) => (
        <Fragment key={from}>
          <Evidence text={text.slice(places[i - 1]?.[1] ?? 0, from)} />
          <span className="matched">
            <Evidence text={text.slice(from, to)} />
          </span>
        </Fragment>
      ))}
      <Evidence text={text.slice(places.at(-1)![1])} />
      <span className="diamond" aria-hidden>
        {' '}
        ◆
      </span>
    </>
  )
}

/** In the row's triage cell, so that a match is seen when its column is not. */
export function HitMark({ row }: { row: string }) {
  const { hits } = useHitsOf(row)
  if (hits.length === 0) return null
  const words = `Matches ${[...new Set(hits.map(({ value, list }) => `${visible(value.slice(0, 100))} of ${visible(list)}`))].join(', ')}`
  return (
    <span className="diamond" title={words}>
      <span aria-hidden>◆</span>
      <span className="sr">{words}</span>
    </span>
  )
}
