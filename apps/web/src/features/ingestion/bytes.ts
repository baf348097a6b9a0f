/** Base64 as PostgreSQL writes it, with line breaks. */
export const bytesOf = (base64: string) => Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (c) => c.charCodeAt(0))

/** Bytes as text for the screen: what is no UTF-8 is shown as `\xNN`, so that nothing passes for something else. */
export function textOf(bytes: Uint8Array) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Array.from(bytes, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    ).join('')
  }
}

/** Sixteen bytes a line: where they stand, their values, and those that are plain ASCII. */
export function hexOf(bytes: Uint8Array) {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const some = Array.from(bytes.subarray(at, at + 16))
    const values = some.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const plain = some.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${values.padEnd(47)}  ${plain}`)
  }
  return lines.join('\n')
}
