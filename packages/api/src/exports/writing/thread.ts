import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Shape } from './writer.ts'
import type { Task, Written } from './worker.ts'

/** Writes rows in a thread of its own, so that no export holds up the server. One task at a time. */
export function writingThread(shape: Shape) {
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData: shape,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  worker.unref()
  let waiting: { resolve: (written: Written) => void; reject: (error: Error) => void } | undefined
  let ended: Error | undefined
  worker.on('message', (written: Written) => waiting?.resolve(written))
  worker.on('error', (error) => {
    ended ??= error instanceof Error ? error : new Error(String(error))
  })
  worker.on('exit', () => {
    ended ??= new Error('the thread that writes the export ended')
    waiting?.reject(ended)
  })
  return {
    async run(task: Task) {
      if (ended) throw ended
      const written = await new Promise<Written>((resolve, reject) => {
        waiting = { resolve, reject }
        worker.ref()
        worker.postMessage(task)
      })
      worker.unref()
      if ('error' in written) throw new Error(written.error)
      return written
    },
    close: () => worker.terminate(),
  }
}
