import { Button } from '@mantine/core'
import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { count } from '../../lib/format.ts'
import { useKeys } from '../../lib/keys.ts'
import type { Counted } from './HuntStatus.tsx'
import type { Hunt } from './useHunt.ts'

export const toggleHidden = ({ hideBenign, setSearch }: Hunt) =>
  setSearch({ hide: hideBenign ? undefined : 'benign', row: undefined })

/** Leaves rows that are marked benign out of everything that is shown and counted. */
export function HideBenign({ hunt }: { hunt: Hunt }) {
  const { hideBenign } = hunt
  useKeys('Rows', [{ keys: 'shift+b', label: 'Hide benign rows, or show them', run: () => toggleHidden(hunt) }])
  return (
    <Button
      variant={hideBenign ? 'light' : 'subtle'}
      size="compact-xs"
      aria-pressed={hideBenign}
      leftSection={hideBenign ? <IconEyeOff size={14} aria-hidden /> : <IconEye size={14} aria-hidden />}
      title="Shift B"
      onClick={() => toggleHidden(hunt)}
    >
      Hide benign
    </Button>
  )
}

/** How many are hidden, always said while some may be; shows them again. */
export function Hidden({ hunt, counted }: { hunt: Hunt; counted: Counted | undefined }) {
  return (
    <button type="button" className="warnlink" title="Show them" onClick={() => toggleHidden(hunt)}>
      <u>{hiddenWords(counted)}</u>
    </button>
  )
}

export function hiddenWords(counted: Counted | undefined) {
  if (!counted) return 'benign rows are hidden'
  const { hidden, totalIsExact } = counted
  return `${totalIsExact ? '' : 'at least '}${count(hidden)} benign ${hidden === 1 ? 'row' : 'rows'} hidden`
}
