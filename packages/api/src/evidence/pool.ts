import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { ownPrepared, unpackPrepared } from './packed.ts'
import type { Prepared, ReceivedAt } from './prepare.ts'
import type { Answer, Slot, Task } from './worker.ts'

export interface PoolOptions {
  /** The installation's random key of terms. */
  termKey: Uint8Array
  /** Worker threads, 1 unless told: one prepares about 30,000 rows a second. */
  size?: number
  /** Heap of a worker in MB. One that needs more dies alone, and its jobs fail. */
  memoryMb?: number
}

export interface PreparePool {
  /** Makes blocks of JSON lines in a worker. How many may wait is the caller's matter. */
  prepare(bytes: Uint8Array, receivedAt: ReceivedAt, final?: boolean): Promise<Prepared>
  /** The same, but what it answers may lie in memory that the next job uses: good until `release`, which must be called. */
  borrow(bytes: Uint8Array, receivedAt: ReceivedAt, final?: boolean): Promise<Borrowed>
  /** Lets the running jobs end; later ones are refused. */
  close(): Promise<void>
}

export type Borrowed = Prepared & { release: () => void }

interface Job {
  slot: number | undefined
  resolve(prepared: Borrowed): void
  reject(error: Error): void
}

interface Seat {
  worker: Worker
  jobs: Map<number, Job>
  /** Memory that both threads see, and which of it is free. A buffer of its own for each job keeps both garbage collectors busy. */
  slots: Slot[]
  free: number[]
}

const slotsOfSeat = 4
/** A group of 1 MB, and a block of it, which is smaller by far. */
const slotBytes = 1_100_000

export function preparePool({ termKey, size = 1, memoryMb = 1024 }: PoolOptions): PreparePool {
  const seats = new Set<Seat>()
  let lastId = 0
  let closing = false

  const hire = () => {
    const slots = Array.from({ length: slotsOfSeat }, newSlot)
    // A thread's heap asks for a full collection each time it holds 8 MB, which is what a few blocks leave behind, unless it begins larger.
    setFlagsFromString('--initial-old-space-size=80')
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
      workerData: { termKey, slots },
      // What a block is made of dies young, if there is room to die in.
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 48 },
    })
    worker.once('online', () => setFlagsFromString('--initial-old-space-size=0'))
    const seat: Seat = { worker, jobs: new Map(), slots, free: [...slots.keys()] }
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

  const borrow: PreparePool['borrow'] = (bytes, receivedAt, final = false) => {
    if (closing) return Promise.reject(new Error('the pool is closed'))
    while (seats.size < size) hire() // in place of those that died
    const [seat] = [...seats].sort((a, b) => a.jobs.size - b.jobs.size)
    return ask(seat!, bytes, { id: ++lastId, receivedAt, final })
  }
  return {
    borrow,
    async prepare(bytes, receivedAt, final) {
      const { release, ...prepared } = await borrow(bytes, receivedAt, final)
      const own = ownPrepared(prepared)
      release()
      return own
    },
    async close() {
      closing = true
      const running = [...seats].flatMap(({ jobs }) => [...jobs.values()].map(settled))
      await Promise.all(running)
      await Promise.all([...seats].map(({ worker }) => worker.terminate()))
    },
  }
}

const newSlot = (): Slot => ({
  lines: new Uint8Array(new SharedArrayBuffer(slotBytes)),
  made: new Uint8Array(new SharedArrayBuffer(slotBytes)),
})

/** Waits for a job to end in either way. */
const settled = (job: Job) =>
  new Promise<void>((done) => {
    const { resolve, reject } = job
    job.resolve = (prepared) => (resolve(prepared), done())
    job.reject = (error) => (reject(error), done())
  })

function ask({ worker, jobs, slots, free }: Seat, bytes: Uint8Array, task: Omit<Task, 'lines'>) {
  return new Promise<Borrowed>((resolve, reject) => {
    const slot = bytes.length <= slotBytes ? free.pop() : undefined
    if (slot !== undefined) slots[slot]!.lines.set(bytes)
    jobs.set(task.id, { slot, resolve, reject })
    worker.ref()
    // A view is sent with all that it is a view of, so what has no slot goes as a copy of its own.
    const own = slot === undefined ? Uint8Array.from(bytes) : undefined
    const lines = own ?? { slot: slot!, length: bytes.length }
    worker.postMessage({ ...task, lines } satisfies Task, own ? [own.buffer] : [])
  })
}

function settle({ worker, jobs, slots, free }: Seat, answer: Answer) {
  const job = jobs.get(answer.id)!
  jobs.delete(answer.id)
  if (jobs.size === 0) worker.unref()
  const { slot } = job
  const release = () => {
    if (slot !== undefined) free.push(slot)
  }
  if ('error' in answer) {
    release()
    job.reject(new Error(answer.error))
    return
  }
  const bytes = answer.packed.bytes ?? slots[slot!]!.made
  job.resolve({ ...unpackPrepared({ ...answer.packed, bytes }), release })
}
