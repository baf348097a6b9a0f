import type { Side } from '@velocicompanion/api/compare/input'

/** A side as the address has it. */
export const sideText = ({ kind, id }: Side) => `${kind}:${id}`

export function readSide(text: string | undefined): Side | undefined {
  const [, kind, id] = /^(collection|host|hunt):(.{1,200})$/s.exec(text ?? '') ?? []
  if (kind === 'hunt') return { kind, id: id! }
  if ((kind === 'collection' || kind === 'host') && /^[1-9]\d{0,14}$/.test(id!)) return { kind, id: Number(id) }
  return undefined
}
