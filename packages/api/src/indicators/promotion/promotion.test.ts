import { afterAll, beforeAll, expect, test } from 'vitest'
import { hash, openSites, sha } from '../matching/testing.ts'

let sites: Awaited<ReturnType<typeof openSites>>
beforeAll(async () => {
  sites = await openSites()
})
afterAll(() => sites.close())

test('an artifact of a case is put on a list with where it comes from, and its hit leads back to the case', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ url: 'http://evil.example/a', ip: '8.8.8.8' }])
  const { id: caseId } = await caller.cases.create({ title: 'Clinic' })
  const artifact = async (artifactType: 'url' | 'ip' | 'cidr', value: string) =>
    (await caller.artifacts.create({ caseId, artifactType, value, description: 'from the mail' })).id
  const url = await artifact('url', 'hxxp://evil[.]example/a')
  const broad = await artifact('ip', '8.8.8.8')
  const done = await caller.indicators.promote({ artifacts: [url, broad], name: 'Clinic intrusion' })
  expect(done).toMatchObject({
    added: 1,
    known: 0,
    leftOut: [{ value: '8.8.8.8', why: expect.stringContaining('name server') }],
  })
  await sites.sweepAll()
  const back = { id: caseId, title: 'Clinic' }
  expect((await caller.indicators.values({ id: done.listId })).rows).toMatchObject([
    { value: 'http://evil.example/a', note: 'from the mail', fromCase: back },
  ])
  const { rows } = await caller.indicators.hits({})
  expect(rows).toMatchObject([{ value: 'http://evil.example/a', rows: 1, fromCase: back }])
  expect((await caller.indicators.hitsOf({ rows: [rows[0]!.row] })).rows).toMatchObject([{ fromCase: back }])
  const into = { artifacts: [broad], listId: done.listId }
  await expect(caller.indicators.promote(into)).rejects.toThrow('name server')
  expect(await caller.indicators.promote({ ...into, broad: true })).toMatchObject({ added: 1 })
  expect(await caller.indicators.promote({ ...into, broad: true })).toMatchObject({ added: 0, known: 1 })
})

test("another tenant's artifact is not promoted, and a shared list does not tell of the case", async () => {
  const [home, guest] = [await sites.site(), await sites.site()]
  const boss = await sites.bed.callerOf(home.tenantId, 'super_admin')
  const { id: caseId } = await boss.cases.create({ title: 'Secret' })
  const { id } = await boss.artifacts.create({ caseId, artifactType: 'sha256', value: hash })
  const refused = guest.caller.indicators.promote({ artifacts: [id], name: 'x' })
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const { listId } = await boss.indicators.promote({ artifacts: [id], name: 'shared' })
  const { version } = await boss.indicators.get({ id: listId })
  await boss.indicators.update({ id: listId, version, sharedWith: [guest.tenantId], source: '' })
  for (const { send } of [home, guest]) await send('C.1', [{ Hash: hash }])
  await sites.sweepAll()
  const answers = [
    await guest.caller.indicators.values({ id: listId }),
    await guest.caller.indicators.hits({}),
    await guest.caller.indicators.list({}),
  ]
  expect(JSON.stringify(answers)).not.toContain('Secret')
  expect(answers[1]!.rows).toMatchObject([{ rows: 1, hosts: 1, fromCase: null }])
})

test('hits are acknowledged, and become a case with their rows and values', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ Hash: hash }, { Hash: hash, n: 2 }])
  await caller.indicators.create({ name: 'l', severity: 'high', indicators: [sha] })
  await sites.sweepAll()
  const [hit] = (await caller.indicators.hits({ open: true })).rows
  const { caseId, added } = await caller.indicators.toCase({ indicators: [hit!.id] })
  expect(added).toBe(2)
  expect(await caller.cases.get({ id: caseId })).toMatchObject({ severity: 'high', title: `${hash} was found` })
  expect((await caller.artifacts.list({ caseId })).rows).toMatchObject([{ artifactType: 'sha256', value: hash }])
  expect((await caller.indicators.hits({ open: true })).rows).toEqual([])
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ open: 0, cases: [caseId] }])
  expect(await caller.indicators.toCase({ indicators: [hit!.id], caseId })).toEqual({ caseId, added: 0, isMore: false })
})
