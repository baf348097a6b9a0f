import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyRetention, openIngest, openMarker, receive } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'
import { marks, type Mark } from './input.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed({ searchThreads: 2 })
  ingest = await openIngest(bed.database, bed.services)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

/** A tenant with rows `{"n":0}`, `{"n":1}` … of one flow, and who works there. */
async function desk(n = 10) {
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 's', orgId: 'root' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    tenantId,
  ])
  const send = (lines: string[], startRow = 0) => {
    const of = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B' }
    const envelope = { kind: 'batch', version: 1, ...of, start_row: startRow, rows: lines.length }
    const body = Readable.from([Buffer.from([JSON.stringify(envelope), ...lines, ''].join('\n'))])
    return receive(ingest, { credential: { tenantId, tokenId, serverId }, body, limit: 1e8, origin: {} })
  }
  const lines = Array.from({ length: n }, (_, i) => `{"n":${i},"kind":"${i % 2 ? 'odd' : 'even'}"}`)
  await send(lines)
  const [place] = (await admin.rows.search({ query: '', limit: 1 })).rows
  const row = (i: number) => `${place!.collectionId}.${place!.sourceId}.${i}`
  const user = await bed.callerOf(tenantId, 'user', `ada-${tenantId}`)
  const found = async (query: string) =>
    (await user.rows.search({ query, limit: 200 })).rows.map(({ row: i }) => i).toSorted((a, b) => a - b)
  return { tenantId, admin, user, row, send, lines, found }
}

const settled = async () => {
  const marker = openMarker(bed.database, bed.services, {
    onError: (error) => {
      throw error
    },
  })
  marker.wake()
  await marker.settled()
  await marker.close()
}

test('a mark says who gave it and when, is found by mark:, and stays when the row is delivered again', async () => {
  const { user, row, send, lines, found, tenantId } = await desk()
  const { changed } = await user.triage.mark({ rows: [row(1), row(2)], mark: 'malicious' })
  expect(changed).toBe(2)
  await user.triage.mark({ rows: [row(2)], mark: 'benign' })
  await send(lines)
  expect(await user.triage.marksOf({ rows: [row(0), row(1), row(2)] })).toEqual([
    { id: row(1), mark: 'malicious', by: `ada-${tenantId}`, at: expect.any(Date), rule: null, tags: [], comments: 0 },
    expect.objectContaining({ id: row(2), mark: 'benign' }),
  ])
  expect(await found('mark:malicious')).toEqual([1])
  expect(await found('mark:unseen n:<3')).toEqual([0])
  expect(await found('n:<3 NOT mark:benign')).toEqual([0, 1])
  expect(await found('mark:m*')).toEqual([1])
  const past = await user.triage.history({ row: row(2) })
  expect(past.map(({ before, mark, by }) => [before, mark, by])).toEqual([
    ['malicious', 'benign', `ada-${tenantId}`],
    ['unseen', 'malicious', `ada-${tenantId}`],
  ])
  await expect(user.rows.search({ query: 'mark:bad' })).rejects.toThrow('mark: takes one of unseen, seen, benign')
  await expect(user.rows.search({ query: '| groupby mark' })).rejects.toThrow('not be listed, grouped or sorted by')
})

test('an undo gives each row back what it was, and leaves those that somebody changed since', async () => {
  const { user, row, found } = await desk()
  await user.triage.mark({ rows: [row(0)], mark: 'seen' })
  const { action } = await user.triage.mark({ rows: [row(0), row(1), row(2)], mark: 'suspicious' })
  const later = await user.triage.mark({ rows: [row(2)], mark: 'malicious' })
  expect(await user.triage.undo({ id: action })).toMatchObject({ state: 'undone', rows: 3, kept: 1 })
  expect([await found('mark:seen'), await found('mark:suspicious'), await found('mark:malicious')]).toEqual([
    [0],
    [],
    [2],
  ])
  await user.triage.undo({ id: later.action })
  expect(await found('NOT mark:unseen')).toEqual([0])
  await expect(user.triage.undo({ id: action })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('whatever is marked and undone in whatever order, rows are what the marks that stand say', async () => {
  const { user, row } = await desk(6)
  let seed = 7
  const below = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
  const standing: { action: number; rows: number[]; mark: Mark }[] = []
  const model = () => {
    const now: Mark[] = Array.from({ length: 6 }, () => 'unseen')
    for (const { rows, mark } of standing) for (const i of rows) now[i] = mark
    return now
  }
  for (let step = 0; step < 60; step++) {
    if (standing.length > 0 && below(3) === 0) {
      const [gone] = standing.splice(below(standing.length), 1)
      await user.triage.undo({ id: gone!.action })
    } else {
      const mark = marks[below(marks.length)]!
      const now = model()
      // What is so already is not changed, so an action holds only for the rows that it changed.
      const rows = [0, 1, 2, 3, 4, 5].filter(() => below(2) === 0)
      if (rows.length === 0) continue
      const { action, changed } = await user.triage.mark({ rows: rows.map(row), mark })
      const changing = rows.filter((i) => now[i] !== mark)
      expect(changed).toBe(changing.length)
      standing.push({ action, rows: changing, mark })
    }
    const said = new Map((await user.triage.marksOf({ rows: [0, 1, 2, 3, 4, 5].map(row) })).map((m) => [m.id, m.mark]))
    expect([0, 1, 2, 3, 4, 5].map((i) => said.get(row(i)) ?? 'unseen')).toEqual(model())
  }
})

test('tags are found by tag:, are taken off, and both are undone', async () => {
  const { user, row, found } = await desk()
  const { action } = await user.triage.tag({ rows: [row(3), row(4)], tag: 'Lateral movement' })
  const off = await user.triage.tag({ rows: [row(4)], tag: 'Lateral movement', on: false })
  expect(await found('tag:"lateral movement"')).toEqual([3])
  await user.triage.undo({ id: off.action })
  expect(await found('tag:lateral*')).toEqual([3, 4])
  expect((await user.rows.complete({ query: 'tag:la', at: 6 })).suggestions).toEqual([{ insert: '"Lateral movement"' }])
  await user.triage.undo({ id: action })
  expect(await found('tag:*')).toEqual([])
})

test('a mention in a comment is a notification that leads to the row', async () => {
  const { user, row, tenantId } = await desk()
  const bob = await bed.callerOf(tenantId, 'viewer', `Bob.${tenantId}`)
  const made = await user.triage.comment({ row: row(5), text: `@bob.${tenantId}: is this yours? a@b.example @nobody` })
  const { rows } = await bob.notifications.list({})
  expect(rows).toMatchObject([{ kind: 'comment', words: expect.stringContaining('mentions you') as string }])
  expect(rows[0]!.link).toContain(`row=${row(5)}`)
  expect((await user.notifications.list({})).rows).toEqual([])
  expect(await bob.triage.comments({ row: row(5) })).toMatchObject([{ id: made.id, author: `ada-${tenantId}` }])
  expect((await bob.triage.marksOf({ rows: [row(5)] }))[0]).toMatchObject({ mark: 'unseen', comments: 1 })
  const other = await bed.callerOf(tenantId, 'user')
  await expect(other.triage.removeComment({ id: made.id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await user.triage.removeComment({ id: made.id })
  expect(await bob.triage.comments({ row: row(5) })).toEqual([])
  await user.triage.restoreComment({ id: made.id })
  expect(await bob.triage.comments({ row: row(5) })).toHaveLength(1)
})

test('one comment to many rows tells who is mentioned once, and is removed as one', async () => {
  const { user, row, tenantId } = await desk()
  const bob = await bed.callerOf(tenantId, 'user', `bob-${tenantId}`)
  const { ids } = await user.triage.commentRows({ rows: [row(0), row(1), row(1)], text: `@bob-${tenantId} look` })
  expect(ids).toHaveLength(2)
  expect(await bob.notifications.list({})).toMatchObject({ total: 1 })
  expect((await user.triage.marksOf({ rows: [row(0), row(1)] })).map(({ comments }) => comments)).toEqual([1, 1])
  await expect(bob.triage.removeComments({ ids })).rejects.toThrow('Only its author')
  await expect(user.triage.commentRows({ rows: [row(0), row(99)], text: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await user.triage.removeComments({ ids })
  expect(await user.triage.marksOf({ rows: [row(0), row(1)] })).toEqual([])
  await expect(user.triage.removeComments({ ids })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('all rows of a query are marked in the background, and undone as one', async () => {
  const { user, row, found } = await desk(3000)
  await user.triage.mark({ rows: [row(1)], mark: 'suspicious' })
  const { action } = await user.triage.markFound({ query: 'n:<2500', mark: 'seen' })
  expect(await user.triage.action({ id: action })).toMatchObject({ state: 'queued', rows: 0 })
  await settled()
  expect(await user.triage.action({ id: action })).toMatchObject({ state: 'done', rows: 2500 })
  expect((await user.rows.search({ query: 'mark:seen' })).total).toBe(2500)
  expect((await user.notifications.list({})).rows.map(({ words }) => words)).toEqual(['2,500 rows marked seen'])
  expect(await user.triage.undo({ id: action })).toMatchObject({ state: 'undoing' })
  await settled()
  expect(await user.triage.action({ id: action })).toMatchObject({ state: 'undone', kept: 0 })
  expect([(await user.rows.search({ query: 'mark:seen' })).total, await found('mark:suspicious')]).toEqual([0, [1]])
})

test('one that was cut goes on to the same end, and one that was stopped does not', async () => {
  const { user, tenantId } = await desk(20)
  const { action } = await user.triage.markFound({ query: 'kind:even', mark: 'benign' })
  // As a process leaves it that was killed after its first rows.
  await bed.root.query(
    `update triage_actions set state = 'running', attempts = 1, seen_at = now() - interval '1 minute' where tenant_id = $1`,
    [tenantId],
  )
  await settled()
  expect(await user.triage.action({ id: action })).toMatchObject({ state: 'done', rows: 10 })
  const other = await user.triage.markFound({ query: 'kind:odd', mark: 'benign' })
  await user.triage.cancel({ id: other.action })
  await settled()
  expect(await user.triage.action({ id: other.action })).toMatchObject({ state: 'cancelled', rows: 0 })
  expect((await user.rows.search({ query: 'mark:benign' })).total).toBe(10)
})

test('a viewer reads marks and changes none', async () => {
  const { user, row, tenantId } = await desk()
  const { action } = await user.triage.mark({ rows: [row(0)], mark: 'seen' })
  const viewer = await bed.callerOf(tenantId, 'viewer')
  expect(await viewer.triage.marksOf({ rows: [row(0)] })).toHaveLength(1)
  for (const refused of [
    () => viewer.triage.mark({ rows: [row(0)], mark: 'benign' }),
    () => viewer.triage.markFound({ query: '', mark: 'benign' }),
    () => viewer.triage.tag({ rows: [row(0)], tag: 'x' }),
    () => viewer.triage.comment({ row: row(0), text: 'x' }),
    () => viewer.triage.undo({ id: action }),
  ])
    await expect(refused()).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test.each(['all walls', 'the WHERE clauses alone'])("%s keep marks away from another tenant's rows", async (walls) => {
  const [mine, theirs] = [await desk(), await desk()]
  const { action } = await theirs.user.triage.mark({ rows: [theirs.row(0)], mark: 'malicious' })
  await theirs.user.triage.tag({ rows: [theirs.row(0)], tag: 'secret' })
  await theirs.user.triage.comment({ row: theirs.row(0), text: 'secret' })
  const tables = ['triage_actions', 'triage_changes', 'row_marks', 'row_tags', 'row_comments']
  const walled = (how: string) =>
    Promise.all(tables.map((table) => bed.root.query(`alter table ${table} ${how} row level security`)))
  if (walls !== 'all walls') await walled('disable')
  const notFound = { code: 'NOT_FOUND' }
  await expect(mine.user.triage.mark({ rows: [theirs.row(0)], mark: 'benign' })).rejects.toMatchObject(notFound)
  await expect(mine.user.triage.mark({ rows: [mine.row(0), mine.row(99)], mark: 'benign' })).rejects.toMatchObject(
    notFound,
  )
  await expect(mine.user.triage.comment({ row: theirs.row(0), text: 'x' })).rejects.toMatchObject(notFound)
  await expect(mine.user.triage.undo({ id: action })).rejects.toMatchObject(notFound)
  expect(await mine.user.triage.marksOf({ rows: [theirs.row(0), mine.row(0)] })).toEqual([])
  expect(await mine.user.triage.history({ row: theirs.row(0) })).toEqual([])
  expect(await mine.user.triage.comments({ row: theirs.row(0) })).toEqual([])
  expect(await mine.found('NOT mark:unseen')).toEqual([])
  expect(await mine.found('tag:*')).toEqual([])
  expect((await mine.user.rows.complete({ query: 'tag:', at: 4 })).suggestions).toEqual([])
  expect(await theirs.found('mark:malicious')).toEqual([0])
  await walled('enable')
})

test('what retention removes leaves no mark, tag, comment or change behind', async () => {
  const { user, admin, row, tenantId } = await desk()
  await user.triage.mark({ rows: [row(0)], mark: 'seen' })
  await user.triage.tag({ rows: [row(1)], tag: 'x' })
  await user.triage.comment({ row: row(2), text: 'x' })
  await admin.retention.set({ days: 1, was: null })
  const now = () => new Date(Date.now() + 3 * 86_400_000)
  await applyRetention({
    database: bed.database,
    services: { now, count: () => {} },
    signal: new AbortController().signal,
  })
  for (const table of ['row_marks', 'row_tags', 'row_comments', 'triage_changes'])
    expect(await bed.one(`select count(*)::int as n from ${table} where tenant_id = $1`, [tenantId])).toEqual({ n: 0 })
})
