import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'

export type Direction = 'asc' | 'desc'

interface SortHeadProps {
  children: string
  active: boolean
  direction: Direction
  onSort: (direction: Direction) => void
}

/** A column's head that sorts; a second press turns the order round. */
export function SortHead({ children, active, direction, onSort }: SortHeadProps) {
  const Arrow = direction === 'asc' ? IconArrowUp : IconArrowDown
  const next = active && direction === 'desc' ? 'asc' : active ? 'desc' : direction
  return (
    <button
      type="button"
      className="row g4"
      style={{ background: 'none', border: 0, padding: 0, color: 'inherit', font: 'inherit', cursor: 'pointer' }}
      onClick={() => onSort(next)}
    >
      {children}
      {active && <Arrow size={12} aria-hidden />}
      {active && <span className="sr">{direction === 'asc' ? ', ascending' : ', descending'}</span>}
    </button>
  )
}
