import type { Part } from './evaluate.ts'

/**
 * Bytes of a run as it is copied: how many fields, then the length and the bytes of each: block, row in it, rows, collection,
 * number of the first, host, superseded.
 */
export const runBytes = 2 + 12 + 8 + 8 + 12 + 12 + 12 + 5

/** The block of a run that begins at a place. */
export const blockOfRun = (view: DataView, at: number) => bigint(view, at + 6)

const bigint = (view: DataView, at: number) => view.getInt32(at) * 4_294_967_296 + view.getUint32(at + 4)

/** Whose rows a block's are. */
export function openParts(runs: Buffer): Part[] {
  const view = new DataView(runs.buffer, runs.byteOffset, runs.byteLength)
  const parts: Part[] = []
  for (let at = 0; at < runs.length; at += runBytes)
    parts.push({
      row: view.getInt32(at + 18),
      n: view.getInt32(at + 26),
      collectionId: bigint(view, at + 34),
      firstRow: bigint(view, at + 46),
      hostId: bigint(view, at + 58),
      superseded: view.getUint8(at + 70) === 1,
    })
  return parts
}
