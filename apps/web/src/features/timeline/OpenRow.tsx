import { useOpenRow } from '../rows/openRow.ts'
import { RowDrawer, type Row } from '../rows/RowDrawer.tsx'

interface OpenRowProps {
  id: string
  tab: string | undefined
  onTab: (tab: string | undefined) => void
  onOpen: (row: Row | undefined) => void
}

const none: Row[] = []

/** The drawer of a row that is named alone, beside no list of rows. */
export function OpenRow({ id, tab, onTab, onOpen }: OpenRowProps) {
  const { row } = useOpenRow(none, id)
  return row ? <RowDrawer key={id} row={row} rows={none} tab={tab} onTab={onTab} onOpen={onOpen} /> : null
}
