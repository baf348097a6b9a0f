import { IconAlertTriangle } from '@tabler/icons-react'
import { trpc } from '../api.ts'

/** What the server warns of, such as a disk that is nearly full, over every page until it is mended. */
export function Banners() {
  const { data } = trpc.health.status.useQuery(undefined, { refetchInterval: 60_000, staleTime: 30_000 })
  if (!data || data.warnings.length === 0) return null
  return (
    <output className="banners">
      {data.warnings.map(({ id, text }) => (
        <div key={id} className="banner">
          <IconAlertTriangle size={16} aria-hidden />
          {text}
        </div>
      ))}
    </output>
  )
}
