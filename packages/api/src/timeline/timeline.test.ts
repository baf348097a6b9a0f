import { afterAll, beforeAll, expect, test } from 'vitest'
import { placeOn } from '../testing.ts'
import { instantText, numberInstant } from './rules.ts'
import { second, timelineBed, type Place } from './pages/testing.ts'

let bed: Awaited<ReturnType<typeof timelineBed>>
beforeAll(async () => {
  bed = await timelineBed()
})
afterAll(() => bed.close())

test('merges all sources of the host by their exact times, with the row itself in the middle', async () => {
  const { tenantId, hostId, places, api } = await bed.hostWith([
    'Windows.System.Pslist',
    'Windows.EventLogs.Evtx',
    'Windows.NTFS.MFT',
  ])
  const [pslist, evtx, mft] = places as [Place, Place, Place]
  const [here] = await bed.store(pslist, [
    { Name: 'svchosts.exe', CreateTime: second(51, '.2091234') },
    { Name: 'old.exe', CreateTime: '2026-11-23T06:38:51Z' },
  ])
  await bed.store(evtx, [
    { EventID: 1, TimeCreated: second(51, '.209123402') },
    { EventID: 2, TimeCreated: second(51, '.209123399') },
    { EventID: 3, System: { TimeCreated: { SystemTime: 1795502331.5 } } },
  ])
  await bed.store(mft, [{ OSPath: 'C:\\a', Created0x10: second(47), LastModified0x10: second(55) }])
  await bed.store(await placeOn(bed, tenantId, await bed.hostOf(tenantId, 'other'), 'Windows.EventLogs.Evtx'), [
    { EventID: 9, TimeCreated: second(51) },
  ])
  const found = await api.timeline.around({ row: here!, span: 60 })
  const brief = (lines: { at: string; source: string; field: string | null }[]) =>
    lines.map(({ at, source, field }) => [at.slice(17), source, field])
  expect(found.anchor).toMatchObject({ id: here, at: second(51, '.209123400'), field: '["CreateTime"]' })
  expect(brief(found.before.lines)).toEqual([['51.209123399Z', 'Windows.EventLogs.Evtx', '["TimeCreated"]']])
  expect(brief(found.after.lines)).toEqual([
    ['51.209123402Z', 'Windows.EventLogs.Evtx', '["TimeCreated"]'],
    ['51.500000Z', 'Windows.EventLogs.Evtx', '["System","TimeCreated","SystemTime"]'],
    ['55.000000Z', 'Windows.NTFS.MFT', '["LastModified0x10"]'],
  ])
  expect(found.sources.map(({ name, rows }) => [name, rows])).toEqual([
    ['Windows.EventLogs.Evtx', 3],
    ['Windows.NTFS.MFT', 1],
    ['Windows.System.Pslist', 1],
  ])
  expect(found).toMatchObject({ untimed: 0, before: { next: null, hiddenBeyond: 0 } })
  expect(found.collectedUntil).toBeInstanceOf(Date)

  const every = await api.timeline.around({ row: here!, span: 60, every: true })
  expect(every.before.lines.map(({ field }) => field)).toEqual(['["TimeCreated"]', '["Created0x10"]'])
  const lanes = await api.timeline.lanes({ hostId, from: second(0), to: second(59), buckets: 6 })
  expect(lanes.lanes.map(({ name, buckets }) => [name, buckets])).toEqual([
    ['Windows.EventLogs.Evtx', [0, 0, 0, 0, 0, 3]],
    ['Windows.NTFS.MFT', [0, 0, 0, 0, 0, 1]],
    ['Windows.System.Pslist', [0, 0, 0, 0, 0, 1]],
  ])
})

test('pages away from the row on both sides over equal times, each row once', async () => {
  const { places, api } = await bed.hostWith(['a', 'b', 'c'])
  const ids: string[] = []
  for (const at of places)
    ids.push(
      ...(await bed.store(
        at,
        Array.from({ length: 40 }, (_, i) => ({ n: i, EventTime: second(Math.floor(i / 20)) })),
      )),
    )
  const order = (id: string) => id.split('.').map(Number)
  const expected = ids.toSorted((x, y) => {
    const [a, b] = [order(x), order(y)]
    return Math.floor(a[2]! / 20) - Math.floor(b[2]! / 20) || a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!
  })
  const row = expected[70]!
  const asked = { row, span: 300, limit: 7 }
  const first = await api.timeline.around(asked)
  const walk = async (direction: 'before' | 'after') => {
    const lines = first[direction].lines.map(({ id }) => id)
    for (let cursor = first[direction].next; cursor !== null;) {
      const more = await api.timeline.aroundMore({ ...asked, cursor, direction })
      lines.push(...more.lines.map(({ id }) => id))
      cursor = more.next
    }
    return lines
  }
  expect([...(await walk('before')).reverse(), row, ...(await walk('after'))]).toEqual(expected)
})

test('says how many rows a gap hides when sources are off or a query leaves rows out', async () => {
  const { places, api } = await bed.hostWith(['loud', 'quiet'])
  const [loud, quiet] = places as [Place, Place]
  await bed.store(
    loud,
    Array.from({ length: 30 }, (_, i) => ({ EventTime: second(i), v: i === 25 ? 'needle' : 'hay' })),
  )
  const ids = await bed.store(
    quiet,
    [5, 10, 20].map((n) => ({ EventTime: second(n, '.5') })),
  )
  const off = await api.timeline.around({ row: ids[1]!, span: 600, off: [loud.sourceId] })
  expect(off.before).toMatchObject({ lines: [{ id: ids[0], hidden: 5 }], hiddenBeyond: 6, next: null })
  expect(off.after).toMatchObject({ lines: [{ id: ids[2], hidden: 10 }], hiddenBeyond: 9 })
  expect(off.sources.map(({ rows }) => rows)).toEqual([30, 3])

  const asked = await api.timeline.around({ row: ids[1]!, span: 600, query: 'v:needle' })
  expect(asked.before).toMatchObject({ lines: [], hiddenBeyond: 12 })
  expect(asked.after).toMatchObject({ lines: [{ hidden: 15 }], hiddenBeyond: 4 })
  await expect(api.timeline.around({ row: ids[1]!, span: 600, query: '| count' })).rejects.toMatchObject({
    reason: 'unsupported_query',
  })
})

test('keeps rows without a time apart, and shows them at their receipt when asked', async () => {
  const { hostId, places, api } = await bed.hostWith(['Custom.Notes'])
  const ids = await bed.store(places[0]!, [
    { a: 1 },
    { a: 2, EventTime: second(0) },
    { a: 3, EventTime: '0001-01-01T00:00:00Z' },
  ])
  const plain = await api.timeline.host({ hostId })
  expect(plain.lines.map(({ id }) => id)).toEqual([ids[1]])
  expect(plain.untimed).toBe(2)
  const all = await api.timeline.host({ hostId, untimed: true })
  expect(all.lines.map(({ id, field }) => [id, field])).toEqual([
    [ids[1], '["EventTime"]'],
    [ids[0], null],
    [ids[2], null],
  ])
  const around = await api.timeline.around({ row: ids[0]!, span: 60 })
  expect(around.anchor).toMatchObject({ id: ids[0], field: null })
})

test('a source’s main time can be chosen, and is taken back', async () => {
  const { hostId, tenantId, places, api } = await bed.hostWith(['Windows.NTFS.MFT'])
  await bed.store(places[0]!, [{ OSPath: 'a', Created0x10: '2020-01-01T00:00:00Z', LastModified0x10: second(0) }])
  const times = async () =>
    (await api.timeline.host({ hostId, from: '2019-01-01T00:00:00Z' })).lines.map(({ at }) => at)
  expect(await times()).toEqual([second(0, '.000000')])
  await api.timeline.setTimeField({ sourceId: places[0]!.sourceId, field: '["Created0x10"]' })
  expect(await times()).toEqual(['2020-01-01T00:00:00.000000Z'])
  expect((await api.timeline.lanes({ hostId })).lanes[0]!.fields).toEqual([{ field: '["Created0x10"]', rows: 1 }])
  await expect(
    api.timeline.setTimeField({ sourceId: places[0]!.sourceId, field: '["Nothing"]' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const viewer = await bed.callerOf(tenantId, 'viewer')
  await expect(viewer.timeline.setTimeField({ sourceId: places[0]!.sourceId, field: null })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  await api.timeline.setTimeField({ sourceId: places[0]!.sourceId, field: null })
  expect(await times()).toEqual([second(0, '.000000')])
})

test('another tenant’s row, host and case are not found', async () => {
  const { hostId, places } = await bed.hostWith(['Custom.Test'])
  const [row] = await bed.store(places[0]!, [{ EventTime: second(0) }])
  const tenantId = await bed.tenant()
  const stranger = await bed.callerOf(tenantId, 'admin')
  const notFound = { code: 'NOT_FOUND' }
  await expect(stranger.timeline.around({ row: row!, span: 60 })).rejects.toMatchObject(notFound)
  const further = { row: row!, span: 60, cursor: '0_0_0_0_0_0', direction: 'after' as const }
  await expect(stranger.timeline.aroundMore(further)).rejects.toMatchObject(notFound)
  await expect(stranger.timeline.host({ hostId })).rejects.toMatchObject(notFound)
  await expect(stranger.timeline.lanes({ hostId })).rejects.toMatchObject(notFound)
})

test('reads a number’s time with every digit of its source', () => {
  const text = (source: string) => instantText(numberInstant(source)!)
  expect(text('1795502291.123456789')).toBe('2026-11-24T06:38:11.123456789Z')
  expect(text('1795502291')).toBe('2026-11-24T06:38:11.000000Z')
  expect(text('1795502291123')).toBe('2026-11-24T06:38:11.123000Z')
  expect(text('1795502291123456')).toBe('2026-11-24T06:38:11.123456Z')
  expect(text('1795502291123456789')).toBe('2026-11-24T06:38:11.123456789Z')
  expect(numberInstant('0')).toBeUndefined()
})
