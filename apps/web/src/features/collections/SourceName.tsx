import { Mono } from '../../ui/Value.tsx'

export const SourceName = ({
  collectionId,
  source,
}: {
  collectionId: number
  source: { id: number; name: string; rowsStored: number }
}) => <Mono key={collectionId} value={source.name} />
