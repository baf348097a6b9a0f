import pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from './testing.ts'

test('a connection that dies between two statements of a transaction fails the transaction, not the process', async () => {
  const database = await testDatabase()
  const killer = new pg.Client(database.superUrl)
  await killer.connect()
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  try {
    const taken = await database.pool.connect()
    const { rows } = await taken.query('select pg_backend_pid() as pid')
    const gone = new Promise((resolve) => taken.once('end', resolve))
    await killer.query('select pg_terminate_backend($1)', [rows[0].pid])
    await gone
    await expect(taken.query('select 1')).rejects.toThrow('not queryable')
    taken.release(true)
    expect((await database.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(uncaught).toEqual([])
  } finally {
    process.off('uncaughtException', note)
    await killer.end()
    await database.close()
  }
})
