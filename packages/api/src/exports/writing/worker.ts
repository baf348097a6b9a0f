import { parentPort, workerData } from 'node:worker_threads'
import type { Notes } from '../rules.ts'
import { type Content, type Shape, writerOf } from './writer.ts'

/** What the exporter sends, one at a time: rows or groups, or that there are no more. */
export type Task = Content | 'start' | 'finish'
export type Written = { bytes: Uint8Array; notes: Notes } | { error: string }

const writer = writerOf(workerData as Shape)

const written = (task: Task) =>
  task === 'start' ? writer.start() : task === 'finish' ? writer.finish() : writer.write(task)

parentPort!.on('message', (task: Task) => {
  try {
    parentPort!.postMessage({ bytes: written(task), notes: writer.notes } satisfies Written)
  } catch (error) {
    parentPort!.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
