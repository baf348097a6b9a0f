import { Evidence, visible } from './evidence.tsx'

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
