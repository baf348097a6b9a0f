/**
 * The one range of bytes that a header asks for, of a file of which so many bytes are there: `to` is exclusive. Undefined where
 * it asks for none or for several, which may be answered by the whole; `beyond` where nothing of it is there. A suffix is of a
 * whole file only.
 */
export function rangeOf(header: string | undefined, bytes: number, whole: boolean) {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    if (!whole) return undefined
    const from = Math.max(0, bytes - Number(match[2]))
    return from < bytes ? { from, to: bytes } : ('beyond' as const)
  }
  const from = Number(match[1])
  const to = match[2] === '' ? bytes : Math.min(bytes, Number(match[2]) + 1)
  if (match[2] !== '' && Number(match[2]) < from) return undefined
  return from < to ? { from, to } : ('beyond' as const)
}
