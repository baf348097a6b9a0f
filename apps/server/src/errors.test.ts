import { openDatabase } from '@velocicompanion/db'
import { once } from 'node:events'
import fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerError, openErrors } from './errors.ts'
import { faultOf } from './faults.ts'
import { openLog } from './log.ts'
import { appBed, firstAccount, sendRows } from './testing.ts'

const lines: string[] = []
let bed: Awaited<ReturnType<typeof appBed>>
let base: string
let account: Awaited<ReturnType<typeof firstAccount>>
let root: pg.Client
beforeAll(async () => {
  bed = await appBed({ log: openLog('info', { write: (line) => void lines.push(line) }) })
  base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  account = await firstAccount(base)
  root = new pg.Client(bed.database.superUrl)
  await root.connect()
})
afterAll(async () => {
  await root.end()
  await bed.close()
})

interface Row {
  route: string
  message: string
  count: number
  stack: string
  requestId: string
}
const errors = async () => (await account.call<{ rows: Row[] }>('health.errors')).rows

/** Errors are written behind the answer. */
async function until(done: (rows: Row[]) => boolean) {
  for (;;) {
    const rows = await errors()
    if (done(rows)) return rows
  }
}
async function freshToken() {
  const { username, password } = account.who
  return (await account.call<{ accessToken: string }>('auth.signIn', { username, password })).accessToken
}
const breakTable = (table: string) => root.query(`alter table ${table} add constraint broken check (false) not valid`)
const mend = (table: string) => root.query(`alter table ${table} drop constraint broken`)

test('equal errors of a procedure are one line with a count, and nothing of the input is written down', async () => {
  await breakTable('cases')
  const secret = 'Patient Grace Example'
  const tries = Array.from({ length: 20 }, () => account.call('cases.create', { title: secret }).catch(String))
  expect(new Set(await Promise.all(tries))).toEqual(new Set(['Error: cases.create: Internal error']))
  await mend('cases')
  const rows = await until((found) => found[0]?.count === 20)
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ route: '/api/trpc/cases.create', message: 'PostgreSQL: 23514 broken' })
  expect(rows[0]!.stack).toMatch(/^at .*packages\/api\/src\/cases\/queries\.ts/)
  expect(JSON.stringify(rows)).not.toContain('Grace')
  expect(lines.join('')).toContain(rows[0]!.requestId)
  expect(lines.join('')).not.toContain('Grace')
})

test('who meets an error is given the reference that the list of errors has', async () => {
  await breakTable('artifacts')
  const { id } = await account.call<{ id: number }>('cases.create', { title: 'a case' })
  const answer = await bed.app.inject({
    method: 'POST',
    url: '/api/trpc/artifacts.create',
    headers: { authorization: `Bearer ${await freshToken()}` },
    payload: { caseId: id, artifactType: 'ip', value: '192.0.2.1' },
  })
  await mend('artifacts')
  const { error } = answer.json() as { error: { data: { requestId: string } } }
  await until((rows) => rows.some((row) => row.requestId === error.data.requestId))
})

test('an error of a delivery belongs to the tenant of its token', async () => {
  await breakTable('deliveries')
  const envelope = {
    kind: 'batch',
    org_id: 'root',
    client_id: 'C.1',
    flow_id: 'F.1',
    artifact: 'A',
    start_row: 0,
    rows: 1,
  }
  const answer = await sendRows(base, account.token, `${JSON.stringify(envelope)}\n{"a":1}\n`)
  expect(answer.status).toBe(500)
  await mend('deliveries')
  const rows = await until((found) => found.some((row) => row.route === '/api/ingestion/rows'))
  expect(rows[0]!.message).toBe('PostgreSQL: 23514 broken')
  expect(await answer.json()).toEqual({ detail: `Internal error, reference ${rows[0]!.requestId}` })
})

test('an error of nobody belongs to the default tenant', async () => {
  await breakTable('throttles')
  const payload = { username: 'nobody', password: 'wrong wrong wrong' }
  const answer = await bed.app.inject({ method: 'POST', url: '/api/trpc/auth.signIn', payload })
  await mend('throttles')
  expect(answer.statusCode).toBe(500)
  await until((rows) => rows.some(({ route }) => route === '/api/trpc/auth.signIn'))
})

test('an answer that breaks off is an error, but where its reader went away', async () => {
  const reported: string[] = []
  const app = fastify()
  app.setErrorHandler(answerError({ report: (_, route) => void reported.push(route), settle: async () => {} }))
  const brokenOff = Object.assign(new Error(), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  app.get('/kept', () => Promise.reject(brokenOff))
  let answered: Promise<unknown> = Promise.resolve()
  app.get('/left', (request, reply) => {
    request.raw.destroy()
    answered = once(reply.raw, 'close')
    return answered.then(() => Promise.reject(brokenOff))
  })
  const own = await app.listen({ host: '127.0.0.1', port: 0 })
  await expect(fetch(`${own}/left`)).rejects.toThrow('fetch failed')
  await answered
  expect((await fetch(`${own}/kept`)).status).toBe(500)
  await app.close()
  expect(reported).toEqual(['/kept'])
})

test('a flood of errors while the database is away is bounded', async () => {
  const written: { dropped?: number }[] = []
  const log = openLog('warn', { write: (line) => void written.push(JSON.parse(line)) })
  const database = openDatabase('postgres://nobody@127.0.0.1:1/nowhere')
  const errors = openErrors({ database, log })
  const request = { tenantId: 1, id: 'x', log: openLog('silent') } as unknown as FastifyRequest
  for (let i = 0; i < 2000; i++) errors.report(request, `/route/${i}`, new Error('again'))
  await errors.settle()
  await database.close()
  expect(written.map(({ dropped }) => dropped)).toEqual([2000 - 1 - 500])
})

test('what cannot be written waits, and fails no request', async () => {
  await breakTable('cases')
  await breakTable('errors')
  const fail = () => account.call('cases.create', { title: 'x' }).catch(String)
  const before = (await errors()).find((row) => row.route === '/api/trpc/cases.create')!.count
  expect(await fail()).toBe('Error: cases.create: Internal error')
  await mend('errors')
  expect(await fail()).toBe('Error: cases.create: Internal error')
  await mend('cases')
  await until((rows) => rows.some(({ route, count }) => route === '/api/trpc/cases.create' && count === before + 2))
})

test.each([
  [Object.assign(new Error('Key (username)=(grace) already exists'), { code: '23505', constraint: 'users_username' })],
  [Object.assign(new Error("no such file or directory, open '/grace'"), { code: 'ENOENT' })],
  [new SyntaxError('grace\n    at grace (grace.ts:1:1)')],
  [new TypeError(`Cannot read properties of undefined (reading 'grace')`)],
  [new Error('around', { cause: new Error('the value "say "grace" twice" is wrong') })],
])('%s is written down without what it quotes', (error) => {
  expect(JSON.stringify(faultOf(error))).not.toMatch(/grace/i)
})

test('the log masks an error too, whatever it carries', () => {
  const written: string[] = []
  const log = openLog('info', { write: (line) => void written.push(line) })
  const detail = 'Failing row contains (7, Patient Grace).'
  log.error({ err: Object.assign(new Error('value "grace"'), { code: '23514', severity: 'ERROR', detail }) }, 'failed')
  log.error({ err: new Error('around', { cause: new Error('value "grace"') }) })
  expect(written.join('')).toContain('23514')
  expect(written.join('')).not.toMatch(/grace/i)
})

test('a message of several lines is no place in the code', () => {
  const { stack } = faultOf(new Error('no\n    at grace (grace.ts:1:1)'))
  expect(stack).toMatch(/^at .*errors\.test\.ts/)
  expect(stack).not.toContain('grace')
})

test('an unreadable JSON is written down without its text, quoted or not', () => {
  for (const read of [() => JSON.parse('grace'), () => BigInt('grace')]) {
    try {
      read()
    } catch (error) {
      expect(JSON.stringify(faultOf(error))).not.toContain('grace')
      expect(faultOf(error).type).toBe('SyntaxError')
    }
  }
})
