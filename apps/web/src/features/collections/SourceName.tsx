import { Link } from '@tanstack/react-router'
import { Mono } from '../../ui/Value.tsx'

interface SourceNameProps {
  collectionId: number
  source: { id: number; name: string; rowsStored: number }
}

/** A source's name, which opens its rows where there are any. */
export const SourceName = ({ collectionId, source }: SourceNameProps) =>
  source.rowsStored === 0 ? (
    <Mono value={source.name} />
  ) : (
    <Link
      className="link"
      to="/collections/$id/rows"
      params={{ id: String(collectionId) }}
      search={{ source: source.id }}
    >
      <Mono value={source.name} />
    </Link>
  )
