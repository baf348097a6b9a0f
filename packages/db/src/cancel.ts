import { connect } from 'node:net'
import type { Pool, PoolClient } from 'pg'

/** What a client knows of its session, which `pg` does not declare. */
type Session = PoolClient & { processID?: number; secretKey?: number; host: string; port: number }

const cancelCode = 80_877_102

/** Ends the statement that a session of the pool runs, by its process id. */
export function cancelling(pool: Pool) {
  const sessions = new Map<number, Session>()
  pool.on('connect', (client) => sessions.set((client as Session).processID!, client as Session))
  pool.on('remove', (client) => sessions.delete((client as Session).processID!))
  return async (pid: number) => {
    const session = sessions.get(pid)
    if (session) await sendCancel(session)
  }
}

/** By the protocol, over a connection of its own: it needs no right and no place in the pool. Returns when the server has taken it. */
async function sendCancel({ processID, secretKey, host, port }: Session) {
  const message = Buffer.alloc(16)
  for (const [i, part] of [16, cancelCode, processID!, secretKey!].entries()) message.writeInt32BE(part, 4 * i)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  // Whether it comes too late or does not arrive: the statement has its own limit.
  socket.on('error', () => {})
  socket.resume().end(message)
  await new Promise((resolve) => socket.once('close', resolve))
}
