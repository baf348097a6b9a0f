import { parentPort, workerData } from 'node:worker_threads'
import { packPrepared } from './packed.ts'
import { prepareBlocks } from './prepare.ts'

/** What the pool sends: the lines, and the time for rows that tell none. */
export interface Task {
  id: number
  bytes: Uint8Array
  receivedAt: number
}

const { termKey } = workerData as { termKey: Uint8Array }

parentPort!.on('message', ({ id, bytes, receivedAt }: Task) => {
  try {
    const packed = packPrepared(prepareBlocks(bytes, { termKey, receivedAt }))
    parentPort!.postMessage({ id, packed, bytes }, [packed.bytes.buffer, bytes.buffer as ArrayBuffer])
  } catch (error) {
    parentPort!.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
