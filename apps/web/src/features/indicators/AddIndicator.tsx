import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'
import { PasteDialog } from './PasteDialog.tsx'

/** A value of a row on its way to a list; of which kind it is can be corrected. */
export function AddIndicator({ value, close }: { value: string; close: () => void }) {
  const lists = trpc.indicators.list.useQuery({ ...useTenant(), limit: 200 })
  const read = trpc.indicators.recognise.useQuery({ text: value })
  if (!lists.data || !read.data) return null
  const { found } = read.data
  const given =
    found.length > 0 ? found.map(({ kind, value: of }) => ({ kind, value: of })) : [{ kind: 'other' as const, value }]
  return (
    <PasteDialog
      given={given}
      lists={lists.data.rows.filter(({ own }) => own)}
      into={undefined}
      mayKeep
      sweep={() => {}}
      close={close}
    />
  )
}
