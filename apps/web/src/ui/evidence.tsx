import type { ReactNode } from 'react'

/** Control, zero-width, direction-changing, invisible and odd space characters, tag characters, and lone surrogates. */
const hidden =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu

const nameOf = (character: string) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`

/** Evidence as text: what cannot be seen is shown by its name, never obeyed. */
export function Evidence({ text }: { text: string }) {
  const out: ReactNode[] = []
  let at = 0
  for (const m of text.matchAll(hidden)) {
    out.push(
      text.slice(at, m.index),
      <span className="esc" key={m.index}>
        {nameOf(m[0])}
      </span>,
    )
    at = m.index + m[0].length
  }
  out.push(text.slice(at))
  return <>{out}</>
}

/** The same for places that take only a string, such as a title: the browser must not obey them there either. */
export const visible = (text: string) => text.replace(hidden, (character) => `⟨${nameOf(character)}⟩`)
