import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'
import type { Row } from './RowDrawer.tsx'

/** The row that the address names: one that is listed, or else asked for alone, for a deep link may name any. */
export function useOpenRow(rows: Row[] | undefined, id: string | undefined) {
  const listed = rows?.find((row) => row.id === id)
  const [collectionId, sourceId, row] = /^\d{1,15}\.\d{1,9}\.\d{1,15}$/.test(id ?? '') ? id!.split('.').map(Number) : []
  const asked = trpc.rows.list.useQuery(
    { collectionId: collectionId ?? 0, sourceId: sourceId ?? 0, cursor: row ?? 0, limit: 1, ...useTenant() },
    { enabled: rows !== undefined && !listed && row !== undefined, staleTime: Infinity },
  )
  const found = listed ?? asked.data?.rows.find((one) => one.id === id)
  const settled = row === undefined || asked.data !== undefined || asked.error !== null
  return {
    row: id === undefined ? undefined : found,
    isMissing: id !== undefined && rows !== undefined && !found && settled,
  }
}
