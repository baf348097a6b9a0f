import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { plural } from '../../lib/format.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'

interface SourceChipsProps {
  sources: { id: number; name: string; rows: number }[]
  off: number[]
  onOff: (off: number[]) => void
  /** What stands behind the chips. */
  children?: React.ReactNode
}

/** One chip per source with its rows in the range; pressed, its rows are shown. */
export function SourceChips({ sources, off, onOff, children }: SourceChipsProps) {
  const held = sources.filter(({ rows }) => rows > 0)
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a fieldset can not be laid out as a line of chips
    <div className="chips tlchips" role="group" aria-label="Sources">
      {held.map(({ id, name, rows }) => {
        const isOff = off.includes(id)
        return (
          <span key={id} className={isOff ? 'chip off' : 'chip'}>
            <button
              type="button"
              aria-pressed={!isOff}
              title={`${isOff ? 'Show' : 'Hide'} ${visible(name)}`}
              onClick={() => onOff(isOff ? off.filter((other) => other !== id) : [...off, id])}
            >
              {isOff ? <IconEyeOff size={14} /> : <IconEye size={14} />}
              <span className="mono trunc val">
                <Evidence text={name} />
              </span>
              <span className="op">{plural(rows, 'row')}</span>
            </button>
          </span>
        )
      })}
      {children}
    </div>
  )
}
