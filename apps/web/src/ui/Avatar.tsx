import { initials } from '../lib/format.ts'

export function Avatar({ name, small }: { name: string; small?: boolean }) {
  return (
    <span className={small ? 'avatar sm' : 'avatar'} aria-hidden>
      {initials(name)}
    </span>
  )
}
