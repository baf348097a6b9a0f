import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'
import { silenceLimit, stateOf } from './rules.ts'
import { noteSenders, type Noted } from './senders.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const start = Date.parse('2026-11-24T10:00:00Z')
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString()

async function sender(name = 'velo-1 flows') {
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const token = await admin.tokens.create({ name, scope: 'ingest', server: 'velo-1', orgId: 'O123' })
  const note = (minutes: number, more: Partial<Noted> = {}) =>
    noteSenders(bed.database.db, tenantId, [
      {
        tokenId: token.id,
        kind: 'feed',
        firstAt: at(minutes),
        lastAt: at(minutes),
        takenAt: at(minutes),
        requests: 1,
        rows: 100,
        rowsRejected: 0,
        refused: 0,
        refusedAt: null,
        refusedStatus: null,
        refusedReason: null,
        lagMs: null,
        ...more,
      },
    ])
  const seenAt = async (minutes: number) => {
    const { id } = await bed.one<{ id: number }>('select max(id) as id from users where tenant_id = $1', [tenantId])
    const actor = { userId: id, username: 'watcher', tenantId, role: 'admin' as const }
    const services = { ...bed.services, now: () => new Date(at(minutes)) }
    return createCaller({ database: bed.database, services, actor, origin: {} }).senders
  }
  const list = async (minutes: number) => (await (await seenAt(minutes)).list({})).rows
  return { tenantId, admin, token, note, list, seenAt }
}

test('a token that nobody used yet stands in the list too', async () => {
  const { list } = await sender()
  expect(await list(0)).toMatchObject([{ token: 'velo-1 flows', server: 'velo-1', orgId: 'O123', state: 'never' }])
})

test('adds up what came, by minute and by day, and keeps the newest lag', async () => {
  const { note, list } = await sender()
  await note(-700, { rows: 7 })
  await note(0, { lagMs: 900 })
  await note(0.5, { rowsRejected: 2 })
  await note(7, { rows: 40, lagMs: 1200 })
  const [found] = await list(8)
  expect(found).toMatchObject({ kind: 'feed', requests: 4, rows: 247, rowsRejected: 2, lagMs: 1200, rowsToday: 240 })
  expect(found!.lastHour).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 40])
  expect(found!.rateNow).toBe(Math.round(240 / 8))
})

test('one that spoke every ten minutes has stopped after twice that, and not before it was regular', async () => {
  const { note, list, seenAt } = await sender()
  for (let i = 0; i < 19; i++) await note(i * 10)
  expect(await list(180 + 500)).toMatchObject([{ state: 'learning', silenceLimit: null }])
  await note(190)
  expect(await list(190 + 19)).toMatchObject([{ state: 'sends', silenceLimit: 1200 }])
  expect(await list(190 + 21)).toMatchObject([{ state: 'stopped' }])
  expect((await (await seenAt(190 + 21)).list({ attention: true })).rows).toHaveLength(1)
  expect((await (await seenAt(190 + 19)).list({ attention: true })).rows).toEqual([])
})

test('one long outage does not make the next one usual', async () => {
  const { note, list } = await sender()
  for (let i = 0; i < 30; i++) await note(i * 10)
  await note(290 + 3 * 24 * 60)
  expect((await list(290 + 3 * 24 * 60))[0]!.silenceLimit).toBeLessThanOrEqual(2 * 1200)
})

test('an admin says after how long, or never, and it is audited', async () => {
  const { admin, token, note, list, tenantId } = await sender()
  await note(0)
  await admin.senders.watch({ id: token.id, kind: 'feed', silentAfter: 5 })
  expect(await list(6)).toMatchObject([{ state: 'stopped', silenceLimit: 300 }])
  await admin.senders.watch({ id: token.id, kind: 'feed', silentAfter: 0 })
  expect(await list(6000)).toMatchObject([{ state: 'sends', silenceLimit: null }])
  const { n } = await bed.one<{ n: number }>(
    "select count(*)::int as n from audit_events where tenant_id = $1 and action = 'sender.watch'",
    [tenantId],
  )
  expect(n).toBe(2)
  await expect(admin.senders.watch({ id: token.id, kind: 'splunk', silentAfter: 5 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('one whose last request was refused says why until one is taken again', async () => {
  const { note, list } = await sender()
  await note(0)
  const no = { takenAt: null, rows: 0, refused: 1, refusedAt: at(1), refusedStatus: 403, refusedReason: 'Another org' }
  await note(1, no)
  expect(await list(2)).toMatchObject([
    { state: 'refused', refusedReason: 'Another org', refusedStatus: 403, rows: 100 },
  ])
  await note(3)
  expect(await list(4)).toMatchObject([{ state: 'learning', refused: 1, refusedReason: 'Another org' }])
})

test('keeps the minutes of a day', async () => {
  const { note, tenantId } = await sender()
  const long = Date.now() - 30 * 3_600_000
  await note((long - start) / 60_000)
  await note((Date.now() - start) / 60_000)
  const { n } = await bed.one<{ n: number }>('select count(*)::int as n from sender_minutes where tenant_id = $1', [
    tenantId,
  ])
  expect(n).toBe(1)
})

test('a sender with neither rhythm nor word never stops', () => {
  const new_ = { kind: 'feed', lastAt: new Date(0), takenAt: new Date(0), refusedAt: null }
  const rhythm = { ...new_, minutes: 3, usualPause: 60, silentAfter: null }
  expect([silenceLimit(rhythm), stateOf(rhythm, new Date(1e12))]).toEqual([null, 'learning'])
  expect(silenceLimit({ ...rhythm, minutes: 20 })).toBe(900)
})
