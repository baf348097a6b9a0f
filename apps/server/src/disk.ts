import { statfs } from 'node:fs/promises'
import { AppError } from '@velocicompanion/api'
import type { Logger } from 'pino'

/** Bytes of a file system: what may still be written, and all of it. */
export interface Space {
  free: number
  size: number
}

const [MB, GB] = [1e6, 1e9]
const interval = 5000

/**
 * Below which free space people are warned, and deliveries refused. A tenth and a thirtieth, but neither less than the
 * write-ahead log may need nor more than is of use on a large disk; on a very small one a fraction of it.
 */
export function limitsOf({ size }: Pick<Space, 'size'>) {
  const within = (least: number, wanted: number, most: number) => Math.min(Math.max(wanted, least), most)
  return {
    low: Math.min(within(2 * GB, size / 10, 20 * GB), size / 4),
    full: Math.min(within(500 * MB, size / 30, 5 * GB), size / 10),
  }
}

export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, size: blocks * bsize }
}

export const sizeOf = (bytes: number) => (bytes < GB ? `${Math.round(bytes / MB)} MB` : `${(bytes / GB).toFixed(1)} GB`)

/** Watches the disk that the embedded PostgreSQL writes to: one that is full makes it stop for everybody. */
export function watchDisk(read: () => Promise<Space>, log: Logger, everyMs = interval) {
  let state: 'fine' | 'low' | 'full' = 'fine'
  let text = ''
  let timer: NodeJS.Timeout | undefined
  let unread = false

  const check = async () => {
    try {
      const space = await read()
      const { low, full } = limitsOf(space)
      const now = space.free < full ? 'full' : space.free < low ? 'low' : 'fine'
      text = `The disk of the server is nearly full: ${sizeOf(space.free)} of ${sizeOf(space.size)} are free. ${
        now === 'full'
          ? 'Nothing more is taken in until there is room.'
          : `Below ${sizeOf(full)} nothing more is taken in.`
      }`
      if (now !== state) tell(now, space)
      state = now
      unread = false
    } catch (error) {
      if (!unread) log.warn({ err: error }, 'the free space of the disk cannot be read')
      unread = true
    }
  }
  const tell = (now: typeof state, space: Space) => {
    if (now === 'fine') log.info(space, 'the disk has room again')
    else log[now === 'full' ? 'error' : 'warn'](space, text)
  }
  const turn = async () => {
    await check()
    timer = setTimeout(() => void turn(), everyMs).unref()
  }

  return {
    check,
    start: turn,
    stop: () => clearTimeout(timer),
    warnings: () => (state === 'fine' ? [] : [{ id: 'disk', text }]),
    /** Throws while nothing more can be taken in. */
    checkRoom: () => {
      if (state === 'full') throw new AppError('SERVICE_UNAVAILABLE', text)
    },
  }
}

export type Disk = ReturnType<typeof watchDisk>
