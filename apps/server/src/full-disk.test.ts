import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { faultsOf, openLedger, type Flow } from '../../../bench/ledger.ts'
import { firstAccount, freePort, sendRows, startServer } from './testing.ts'

const MB = 1024 * 1024
const size = 400 * MB

/** A mount that nobody else sees and that goes with its process; an ordinary user makes it in a namespace of its own. */
const unshare = ['unshare', ...(process.getuid?.() === 0 ? ['-m'] : ['-U', '-m', '--map-current-user', '--keep-caps'])]
const mounted = (folder: string) => [
  ...unshare,
  'sh',
  '-c',
  `mount -t tmpfs -o size=${size},mode=0777 tmpfs "$0" && exec "$@"`,
  folder,
]

/** Why it can't be tried here, or nothing. */
function whyNot(folder: string) {
  const [program, ...args] = [...mounted(folder), 'true']
  const tried = spawnSync(program!, args, { encoding: 'utf8' })
  return tried.status === 0 ? undefined : `no small disk can be mounted here: ${tried.error?.message ?? tried.stderr}`
}

/** Takes room away until only this much is left. */
function fill(folder: string, left: number) {
  const ballast = join(folder, 'ballast')
  const file = openSync(ballast, 'w')
  try {
    const block = Buffer.alloc(MB, 1)
    for (;;) {
      const { bavail, bsize } = statfsSync(folder)
      const room = bavail * bsize - left
      if (room < bsize) break
      if (writeSync(file, block, 0, Math.min(MB, room)) === 0) break
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
  return () => rmSync(ballast)
}

const batch = ({ id, client, artifact }: Flow, start: number, rows: string[]) => {
  const from = { org_id: 'root', client_id: client, flow_id: id, artifact, start_row: start, rows: rows.length }
  return `${JSON.stringify({ kind: 'batch', version: 1, ...from })}\n${rows.join('\n')}\n`
}

/** Sends one batch after the other, each until it is taken in; tells every answer. */
function startSender(base: string, token: string, ledger: ReturnType<typeof openLedger>, answers: number[]) {
  let ending = false
  const run = async () => {
    for (let number = 0; !ending; number++) {
      const flow = ledger.flow(`F.FULL${number}`, 'C.00000000000000aa', 'Custom.Full.Rows')
      const rows = ledger.more(flow, 200)
      for (let taken = false; !taken && !ending;) {
        const status = await sendRows(base, token, batch(flow, 0, rows)).then(
          async (answer) => {
            await answer.text()
            return answer.status
          },
          () => 0,
        )
        answers.push(status)
        taken = status === 200
        if (taken) ledger.mark(rows, 'acknowledged')
        else await sleep(200)
      }
    }
  }
  const running = run()
  return () => {
    ending = true
    return running
  }
}

test(
  'a disk that runs full costs no acknowledged row, and the server goes on by itself when there is room',
  { timeout: 400_000 },
  async ({ skip }) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-full-'))
    const why = whyNot(dataDir)
    if (why) skip(why)
    const server = await startServer(dataDir, await freePort(), [], {}, mounted(dataDir))
    const disk = `/proc/${server.process.pid}/root${dataDir}`
    try {
      const account = await firstAccount(server.base)
      const ledger = openLedger()
      const answers: number[] = []
      const next = async (status: number) => {
        const from = answers.length
        await expect.poll(() => answers.slice(from).includes(status), { timeout: 120_000 }).toBe(true)
      }
      const stop = startSender(server.base, account.token, ledger, answers)
      await next(200)
      // Before it is full: a tenth is left for what PostgreSQL needs, and nothing more is taken in.
      let free = fill(disk, 20 * MB)
      await next(503)
      free()
      await next(200)
      // Full at once, in the middle of the load: PostgreSQL itself meets the end of the disk.
      free = fill(disk, 0)
      await next(503)
      await sleep(6000)
      free()
      await next(200)
      await stop()
      expect(new Set(answers).difference(new Set([0, 200, 503]))).toEqual(new Set())
      expect((await faultsOf(account.call, ledger)).faults).toEqual([])
    } finally {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
)
