import { parentPort, workerData } from 'node:worker_threads'
import { type PackedPrepared, packPrepared } from './packed.ts'
import { prepareBlocks, type ReceivedAt } from './prepare.ts'

/** Memory that both threads see: the lines of a job, and what is made of them. */
export interface Slot {
  lines: Uint8Array<SharedArrayBuffer>
  made: Uint8Array<SharedArrayBuffer>
}

/** What the pool sends: the lines, or the slot that holds them, and the time for rows that tell none. */
export interface Task {
  id: number
  lines: Uint8Array | { slot: number; length: number }
  receivedAt: ReceivedAt
  final: boolean
}

/** `bytes` stand in the message when the job has no slot or they are too many for it. */
export type Answer =
  | { id: number; packed: Partial<PackedPrepared> & Omit<PackedPrepared, 'bytes'> }
  | { id: number; error: string }

const { termKey, slots } = workerData as { termKey: Uint8Array; slots: Slot[] }

parentPort!.on('message', ({ id, lines, receivedAt, final }: Task) => {
  try {
    const slot = 'slot' in lines ? slots[lines.slot]! : undefined
    const bytes = 'slot' in lines ? slot!.lines.subarray(0, lines.length) : lines
    const { bytes: made, ...rest } = packPrepared(prepareBlocks(bytes, { termKey, receivedAt, final }), slot?.made)
    if (made === slot?.made) answer({ id, packed: rest })
    else answer({ id, packed: { ...rest, bytes: made } }, [made.buffer as ArrayBuffer])
  } catch (error) {
    answer({ id, error: error instanceof Error ? error.message : String(error) })
  }
})

const answer = (said: Answer, moved: ArrayBuffer[] = []) => parentPort!.postMessage(said, moved)
