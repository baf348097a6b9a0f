import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type PackedPrepared, unpackPrepared } from './packed.ts'
import type { Prepared } from './prepare.ts'
import type { Task } from './worker.ts'

export interface PoolOptions {
  /** The installation's random key of terms. */
  termKey: Uint8Array
  /** Worker threads, 1 unless told: one prepares about 30,000 rows a second. */
  size?: number
  /** Heap of a worker in MB. One that needs more dies alone, and its jobs fail. */
  memoryMb?: number
}

export interface PreparePool {
  /**
   * Makes blocks of JSON lines in a worker. Takes over the bytes if they are an ArrayBuffer of their own, and copies them
   * otherwise; `bytes` of the answer are the same bytes again. How many may wait is the caller's matter.
   */
  prepare(bytes: Uint8Array, receivedAt: number): Promise<Prepared & { bytes: Uint8Array }>
  /** Lets the running jobs end; later ones are refused. */
  close(): Promise<void>
}

interface Job {
  resolve(prepared: Prepared & { bytes: Uint8Array }): void
  reject(error: Error): void
}

interface Seat {
  worker: Worker
  jobs: Map<number, Job>
}

type Answer = { id: number; packed: PackedPrepared; bytes: Uint8Array } | { id: number; error: string }

export function preparePool({ termKey, size = 1, memoryMb = 1024 }: PoolOptions): PreparePool {
  const seats = new Set<Seat>()
  let lastId = 0
  let closing = false

  const hire = () => {
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
      workerData: { termKey },
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    })
    const seat: Seat = { worker, jobs: new Map() }
    worker.unref()
    worker.on('message', (answer: Answer) => settle(seat, answer))
    let cause: Error | undefined
    worker.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', () => {
      seats.delete(seat)
      for (const job of seat.jobs.values()) job.reject(new Error('the worker that prepared the rows died', { cause }))
    })
    seats.add(seat)
  }
  for (let i = 0; i < size; i++) hire()

  return {
    prepare(bytes, receivedAt) {
      if (closing) return Promise.reject(new Error('the pool is closed'))
      while (seats.size < size) hire() // in place of those that died
      const [seat] = [...seats].sort((a, b) => a.jobs.size - b.jobs.size)
      return ask(seat!, { id: ++lastId, bytes: ownBytes(bytes), receivedAt })
    },
    async close() {
      closing = true
      const running = [...seats].flatMap(({ jobs }) => [...jobs.values()].map(settled))
      await Promise.all(running)
      await Promise.all([...seats].map(({ worker }) => worker.terminate()))
    },
  }
}

/** Waits for a job to end in either way. */
const settled = (job: Job) =>
  new Promise<void>((done) => {
    const { resolve, reject } = job
    job.resolve = (prepared) => (resolve(prepared), done())
    job.reject = (error) => (reject(error), done())
  })

/** A view of a shared or pooled buffer must not move with all its neighbours. */
const ownBytes = (bytes: Uint8Array) => (bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes))

function ask({ worker, jobs }: Seat, task: Task) {
  return new Promise<Prepared & { bytes: Uint8Array }>((resolve, reject) => {
    jobs.set(task.id, { resolve, reject })
    worker.ref()
    worker.postMessage(task, [task.bytes.buffer as ArrayBuffer])
  })
}

function settle({ worker, jobs }: Seat, answer: Answer) {
  const job = jobs.get(answer.id)
  jobs.delete(answer.id)
  if (jobs.size === 0) worker.unref()
  if ('error' in answer) job?.reject(new Error(answer.error))
  else job?.resolve({ ...unpackPrepared(answer.packed), bytes: answer.bytes })
}
