import type { Database } from '@velocicompanion/db'
import type { PoolClient } from 'pg'
import { storeGroup, type Ingest, type Target } from '../../ingestion/store.ts'
import { placeOn, type TestBed } from '../../testing.ts'

/** A host, a collection on it and a source in it. */
export async function placeIn(bed: TestBed, tenantId: number, hostname: string, source: string): Promise<Target> {
  const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id
  const hostId = await id('insert into hosts (tenant_id, hostname) values ($1, $2) returning id', [tenantId, hostname])
  return placeOn(bed, tenantId, hostId, source)
}

export const storeLines = (ingest: Ingest, at: Target, lines: string[], firstRow = 0, end = '\n') =>
  storeGroup(ingest, at, { bytes: Buffer.from(lines.join('\n') + end), lines: lines.length, firstLine: 0 }, firstRow)

/** Rows that are easily changed by who makes something of them; most tell no time. */
export const hostile = [
  '{"big":9007199254740993,"k":"one"}',
  '{"big":1e400,"neg":-0,"exact":1.000000000000000000001}',
  '{"dup":1,"dup":"two","dup":null}',
  '{"nul":"a\\u0000b","lone":"\\ud800x","sep":"\\u0001"}',
  '{"__proto__":{"constructor":"x"},"":"empty key"}',
  '{ "spaced" :  [ 1 , {"a":[]} ] }\r',
  '"only a string"',
  '42',
  'null',
  '[["deep",{"er":"Überprüfung"}]]',
  '{"EventTime":"2024-03-01T10:00:00.123456789Z","Name":"evil.exe","ip":"10.1.2.3"}',
  '{"EventTime":1709287200,"Name":"EVIL.EXE"}',
  '{"_ts":1709287300,"Name":"пароль"}',
]

export const plain = (host: string, from: number, n: number) =>
  Array.from({ length: n }, (_, i) =>
    JSON.stringify({
      Name: `p${(from + i) % 7}.exe`,
      Pid: from + i,
      host,
      ...((from + i) % 3 > 0 && { EventTime: new Date(1.7e12 + (from + i) * 61_000).toISOString() }),
    }),
  )

const questions = [
  '',
  'evil.exe',
  '*vil*',
  '*роль*',
  '"überprüfung"',
  '10.1.2.3',
  'big:9007199254740993',
  'big:>9007199254740992',
  'dup:two',
  'Name:p3.exe AND Pid:>10',
  'NOT Name:p*',
  'k:*',
  'nul:a*',
  'EventTime:2024-03-01T10:00:00.123456789Z',
  'host:h2',
  '/p[1-3]\\.exe/',
  '| sortby Pid | table Name Pid',
  'Name:* | groupby Name',
  '| timechart Name',
]

type Api = Awaited<ReturnType<TestBed['callerOf']>>

async function found(api: Api, query: string) {
  const all: unknown[] = []
  let cursor: string | null = null
  do {
    const answer: Awaited<ReturnType<Api['rows']['search']>> = await api.rows.search({
      query,
      limit: 40,
      ...(cursor !== null && { cursor }),
    })
    const { tookMs: _, nextCursor, ...rest } = answer
    all.push(rest)
    cursor = nextCursor
  } while (cursor !== null)
  return all
}

/** All that is known of a tenant's rows: answers to questions of each kind, and each line exactly as it was sent. */
export async function answersOf(api: Api, places: Target[]) {
  const answers: Record<string, unknown> = {}
  for (const question of questions) answers[question] = await found(api, question)
  answers['histogram'] = await api.rows.histogram({}).then(({ tookMs: _, ...rest }) => rest)
  answers['stack'] = await api.rows.stack({ fields: ['Name', 'host'] }).then(({ tookMs: _, ...rest }) => rest)
  answers['seen'] = await api.values.seen({ value: 'p3.exe' }).then(({ tookMs: _, ...rest }) => rest)
  answers['sweep'] = (await api.indicators.sweep({ values: ['p1.exe', 'evil.exe', 'none'] })).hits
  for (const { collectionId, sourceId } of places)
    answers[`lines of ${collectionId}`] = await api.rows.lines({ collectionId, sourceId, limit: 5000 })
  return answers
}

/** The database, with something done before each statement of a connection that stores blocks. */
export function hooked<D extends Database>(database: D, before: (statement: number) => Promise<void> | void): D {
  let statements = 0
  const connect = async () => {
    const client: PoolClient = await database.pool.connect()
    return new Proxy(client, {
      get(target, key) {
        const own: unknown = Reflect.get(target, key)
        if (typeof own !== 'function') return own
        return (...given: unknown[]) => {
          const run = () => own.apply(target, given) as unknown
          const first = key === 'query' ? before(++statements) : undefined
          return first instanceof Promise ? first.then(run) : run()
        }
      },
    })
  }
  const pool = new Proxy(database.pool, {
    get: (target, key) => (key === 'connect' ? connect : Reflect.get(target, key)) as unknown,
  })
  return { ...database, pool }
}

/** The database, whose connections break at their `at`th statement from now. */
export function breaking(database: Database, at: number): Database & { reached: boolean } {
  const broken = hooked({ ...database, reached: false }, (statement) => {
    if (statement !== at) return
    broken.reached = true
    throw new Error('cut')
  })
  return broken
}
