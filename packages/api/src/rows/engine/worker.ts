import { parentPort } from 'node:worker_threads'
import { TooMany } from './collect.ts'
import { type BlockTask, type Cache, type Question, work } from './task.ts'

/** What the pool sends: blocks to evaluate, and the chunks to forget first. */
export interface Wave {
  id: number
  question: Question
  blocks: BlockTask[]
  forget: string[]
}

const cache: Cache = new Map()

parentPort!.on('message', ({ id, question, blocks, forget }: Wave) => {
  for (const key of forget) cache.delete(key)
  try {
    parentPort!.postMessage({ id, gathered: work(question, blocks, cache) })
  } catch (error) {
    const tooMany = error instanceof TooMany
    parentPort!.postMessage({ id, error: error instanceof Error ? error.message : String(error), tooMany })
  }
})

parentPort!.postMessage({ isReady: true })
