import { parentPort } from 'node:worker_threads'
import { type Finish, type Finished, finish, packed } from './finish.ts'
import { TooMany } from './groups.ts'
import { keysOf } from './held.ts'
import { openFrames, type RowsToShow, type ShownPage, showPage } from './show.ts'
import {
  type BlockTask,
  type Cache,
  openSearch,
  type Question,
  type Search,
  Unreadable,
  type WaveAnswer,
  work,
} from './task.ts'

/** What the pool sends. A search begins with its question, and ends with what is wanted of it. */
export type Asked = { id: number } & (
  | { search: number; question?: Question; blocks: BlockTask[]; floor: number; forget: string[] }
  | { search: number; finish: Finish; others: Uint8Array[] }
  | { show: RowsToShow }
)

export type Replied = WaveAnswer | Finished | { packed: Uint8Array } | ShownPage

/** Why a wave failed, where the asker can be told. */
export type Why = 'too many' | 'unreadable' | undefined

const cache: Cache = new Map()
const frames = openFrames()
const searches = new Map<number, Search>()

function answer(asked: Asked): Replied {
  if ('show' in asked) return showPage(asked.show, frames)
  if ('question' in asked && asked.question) searches.set(asked.search, openSearch(asked.question))
  const search = searches.get(asked.search)
  if (!search) throw new Error('a search that did not begin here')
  if ('blocks' in asked) return work(search, asked.blocks, cache, asked.floor)
  searches.delete(asked.search)
  return asked.finish.kind === 'pack' ? { packed: packed(search) } : finish(search, asked.finish, asked.others)
}

parentPort!.on('message', (asked: Asked | { drop: number }) => {
  if ('drop' in asked) {
    searches.delete(asked.drop)
    return
  }
  if ('forget' in asked) for (const key of asked.forget) cache.delete(key)
  try {
    const reply = answer(asked)
    parentPort!.postMessage({ id: asked.id, reply }, 'packed' in reply ? [reply.packed.buffer as ArrayBuffer] : [])
  } catch (error) {
    if ('blocks' in asked) for (const key of keysOf(asked.blocks)) cache.delete(key)
    const why = error instanceof TooMany ? 'too many' : error instanceof Unreadable ? 'unreadable' : undefined
    parentPort!.postMessage({ id: asked.id, error: error instanceof Error ? error.message : String(error), why })
  }
})

parentPort!.postMessage({ isReady: true })
