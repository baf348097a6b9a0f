import type { PointerEvent } from 'react'

interface ResizerProps {
  width: number
  /** Undefined: the width that the column has by itself. */
  resize: (width: number | undefined) => void
}

/** The handle at the end of a column's head. By key: Alt and the arrows in the grid. */
export function Resizer({ width, resize }: ResizerProps) {
  const begin = (event: PointerEvent<HTMLSpanElement>) => {
    event.preventDefault()
    const handle = event.currentTarget
    const from = event.clientX
    handle.setPointerCapture(event.pointerId)
    handle.classList.add('on')
    handle.onpointermove = (move) => resize(width + move.clientX - from)
    handle.onpointerup = handle.onpointercancel = () => {
      handle.onpointermove = null
      handle.classList.remove('on')
    }
  }
  return <span className="rz" aria-hidden onPointerDown={begin} onDoubleClick={() => resize(undefined)} />
}
