import { Link } from '@tanstack/react-router'
import type { Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { Mono } from '../../ui/Value.tsx'

type Side = Outputs['compare']['rows']['sides'][number]

/** What the two sides are, and that not all of a side was read where that is so. */
export function Told({ sides }: { sides: Side[] }) {
  const cut = sides.filter(({ rows, compared }) => compared < rows)
  return (
    <>
      <p className="meta pad">
        <OneSide side={sides[0]!} />, with <OneSide side={sides[1]!} />
      </p>
      {cut.length > 0 && (
        <p className="note warn" role="note">
          {`Only the first ${count(Math.max(...cut.map(({ compared }) => compared)))} of ${count(
            Math.max(...cut.map(({ rows }) => rows)),
          )} rows of a side were compared: rows beyond count as added or gone.`}
        </p>
      )}
    </>
  )
}

function OneSide({ side }: { side: Side }) {
  const { collection, collections, hosts, compared, description } = side
  if (!collection)
    return (
      <>
        {plural(compared, 'row')} of {plural(collections, 'collection')} on {plural(hosts, 'host')}
        {description && (
          <>
            {' '}
            (<Mono value={description} />)
          </>
        )}
      </>
    )
  return (
    <>
      {plural(compared, 'row')} of{' '}
      <Link className="link" to="/collections/$id" params={{ id: String(collection.id) }}>
        <Mono value={collection.flowId} />
      </Link>{' '}
      on{' '}
      <Link className="link" to="/hosts/$id" params={{ id: String(collection.hostId) }}>
        <Mono value={collection.hostname} />
      </Link>
    </>
  )
}
