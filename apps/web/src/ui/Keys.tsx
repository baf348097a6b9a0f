import { Fragment } from 'react'

const names: Record<string, string> = {
  ctrl: 'Ctrl',
  shift: 'Shift',
  alt: 'Alt',
  // The Latin files of the typeface have no arrows.
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  Escape: 'Esc',
}

const shown = (key: string) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key)

/** `ctrl+k` and `g h` as keys to press. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="kbds">
      {keys.split(' ').map((chord, i) => (
        <Fragment key={chord}>
          {i > 0 && 'then'}
          {(chord === '+' ? ['+'] : chord.split('+')).map((key) => (
            <kbd key={key}>{shown(key)}</kbd>
          ))}
        </Fragment>
      ))}
    </span>
  )
}
