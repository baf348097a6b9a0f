import type { ButtonHTMLAttributes, Ref } from 'react'
import { Evidence, visible } from './evidence.tsx'

interface ValueProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'value' | 'children'> {
  value: string
  /** What stands on the button when the whole is too long; the title keeps the whole. */
  shown?: string | undefined
  ref?: Ref<HTMLButtonElement>
}

/** A piece of evidence that something can be done with: a button in mono. Give it `onClick`, or make it a menu's target. */
export function Value({ value, shown = value, className, ...rest }: ValueProps) {
  return (
    <button type="button" title={visible(value)} {...rest} className={`v trunc ${className ?? ''}`}>
      {value === '' ? <span className="absent">""</span> : <Evidence text={shown} />}
    </button>
  )
}

/** Evidence to read only. */
export function Mono({ value, shown = value }: { value: string; shown?: string }) {
  return (
    <span className="mono ev" title={visible(value)}>
      {value === '' ? <span className="absent">""</span> : <Evidence text={shown} />}
    </span>
  )
}

/** Three different things: no such field, `null`, and the empty text (which `Value` shows). */
export const NotPresent = () => <span className="absent">not present</span>
export const Null = () => <span className="absent mono">null</span>
