import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest, openMarker, receive, ruleRows } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let follow: ReturnType<typeof ruleRows>
beforeAll(async () => {
  bed = await testBed({ searchThreads: 2 })
  ingest = await openIngest(bed.database, bed.services)
  follow = ruleRows(bed.database, bed.services)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const never = new AbortController().signal

/** As the worker and the queue of marks do it. */
async function settled() {
  await follow(never)
  const marker = openMarker(bed.database, bed.services, {
    onError: (error) => {
      throw error
    },
  })
  marker.wake()
  await marker.settled()
  await marker.close()
  await follow(never)
}

/** A tenant with rows of one flow, and who works there. */
async function desk(n = 6) {
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const user = await bed.callerOf(tenantId, 'user', `ada-${tenantId}`)
  const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 's', orgId: 'root' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    tenantId,
  ])
  const send = (rows: object[], startRow = 0) => {
    const of = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B' }
    const lines = [{ kind: 'batch', version: 1, ...of, start_row: startRow, rows: rows.length }, ...rows]
    const body = Readable.from([Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))])
    return receive(ingest, { credential: { tenantId, tokenId, serverId }, body, limit: 1e8, origin: {} })
  }
  await send(Array.from({ length: n }, (_, i) => ({ n: i, Exe: i % 2 ? 'agent.exe' : `tool${i}.exe` })))
  const [place] = (await admin.rows.search({ query: '', limit: 1 })).rows
  const row = (i: number) => `${place!.collectionId}.${place!.sourceId}.${i}`
  const found = async (query: string, hideBenign = false) =>
    (await user.rows.search({ query, hideBenign, limit: 200 })).rows.map(({ row: i }) => i).toSorted((a, b) => a - b)
  return { tenantId, admin, user, row, send, found }
}

const agent = { query: 'Exe:"agent.exe"', reason: 'Our own agent' }

test('a rule is tried first, then marks what is stored and what arrives, and tells what it hides', async () => {
  const { user, send, found, row, tenantId } = await desk()
  expect(await user.benign.try({ query: agent.query })).toMatchObject({
    total: 3,
    judged: 0,
    bad: 0,
    hosts: 1,
    hostsTotal: 1,
    most: [{ rows: 3 }],
    rows: [{}, {}, {}],
  })
  expect(await found('mark:benign')).toEqual([])
  const { id } = await user.benign.create(agent)
  expect(await user.benign.get({ id })).toMatchObject({ applying: true, rows: 0, author: `ada-${tenantId}` })
  await settled()
  expect(await found('mark:benign')).toEqual([1, 3, 5])
  await send(
    [
      { n: 6, Exe: 'AGENT.EXE' },
      { n: 7, Exe: 'other.exe' },
    ],
    6,
  )
  await follow(never)
  expect(await found(`benign:${id}`)).toEqual([1, 3, 5, 6])
  expect(await found('benign:* n:<4')).toEqual([1, 3])
  expect(await user.benign.get({ id })).toMatchObject({ applying: false, rows: 4, hides: 4, hitAt: expect.any(Date) })
  expect(await user.triage.marksOf({ rows: [row(6)] })).toEqual([
    expect.objectContaining({ mark: 'benign', rule: id, by: `ada-${tenantId}` }),
  ])
})

test('what is hidden is counted wherever rows are listed, grouped or charted', async () => {
  const { user, found } = await desk()
  await user.benign.create(agent)
  await settled()
  const hidden = { query: 'n:>0', hideBenign: true }
  expect(await user.rows.search(hidden)).toMatchObject({ total: 2, hidden: 3 })
  expect(await user.rows.search({ ...hidden, hideBenign: false })).toMatchObject({ total: 5, hidden: 0 })
  expect(await found('n:>0', true)).toEqual([2, 4])
  expect(await user.rows.search({ ...hidden, query: 'n:>0 | sortby n' })).toMatchObject({ total: 2, hidden: 3 })
  expect(await user.rows.search({ ...hidden, query: 'n:>0 | count' })).toMatchObject({ total: 2, hidden: 3 })
  expect(await user.rows.search({ hideBenign: true, limit: 1 })).toMatchObject({ total: 3, hidden: 3 })
  const stack = await user.rows.stack({ ...hidden, fields: ['Exe'] })
  expect(stack).toMatchObject({ total: 2, hidden: 3, distinct: 2 })
  const chart = await user.rows.histogram(hidden)
  expect(chart).toMatchObject({ total: 2, hidden: 3 })
  expect(chart.buckets.reduce((sum, { rows }) => sum + rows, 0)).toBe(2)
})

test('a mark that somebody gave wins, before and after the rule', async () => {
  const { user, found, row } = await desk()
  await user.triage.mark({ rows: [row(1)], mark: 'malicious' })
  expect(await user.benign.try({ query: agent.query })).toMatchObject({ total: 3, judged: 1, bad: 1 })
  const { id, version } = await user.benign.create(agent)
  await settled()
  await user.triage.mark({ rows: [row(3)], mark: 'suspicious' })
  await settled()
  expect(await found('mark:benign')).toEqual([5])
  await user.benign.end({ id, version })
  await settled()
  expect(await found('NOT mark:unseen')).toEqual([1, 3])
  expect(await user.benign.get({ id })).toMatchObject({ inForce: false, hides: 0 })
  const past = await user.triage.history({ row: row(5) })
  expect(past).toEqual([
    expect.objectContaining({ kind: 'rule', rule: id, mark: 'benign', undoneAt: expect.any(Date) }),
  ])
})

test('rows of a rule that ended stay benign by another one, and come back when it is restored', async () => {
  const { user, found } = await desk()
  const first = await user.benign.create(agent)
  const second = await user.benign.create({ query: 'n:5', reason: 'Known row' })
  await settled()
  expect(await found(`benign:${first.id}`)).toEqual([1, 3, 5])
  await user.benign.end({ id: first.id, version: first.version })
  await settled()
  expect(await found('mark:benign')).toEqual([5])
  expect(await found(`benign:${second.id}`)).toEqual([5])
  await user.benign.restore({ id: first.id })
  await settled()
  expect(await found('mark:benign')).toEqual([1, 3, 5])
})

test('a rule that asks something else marks other rows, and two who change it do not overwrite each other', async () => {
  const { user, found } = await desk()
  const { id, version } = await user.benign.create(agent)
  await settled()
  const changed = await user.benign.update({ id, version, query: 'Exe:tool*' })
  await expect(user.benign.update({ id, version, reason: 'mine' })).rejects.toMatchObject({
    code: 'CONFLICT',
    reason: 'stale',
  })
  await settled()
  expect(await found('mark:benign')).toEqual([0, 2, 4])
  await user.benign.update({ id, version: changed.version, reason: 'Same rows' })
  await settled()
  expect(await user.benign.get({ id })).toMatchObject({ reason: 'Same rows', rows: 3, hides: 3 })
})

test('a rule that has expired marks nothing that arrives, and what it marked stays', async () => {
  const { user, found, send } = await desk()
  const soon = new Date(Date.now() + 3600_000).toISOString()
  const { id } = await user.benign.create({ ...agent, expiresAt: soon })
  await settled()
  await bed.root.query("update benign_rules set expires_at = now() - interval '1 second' where id = $1", [id])
  await send([{ n: 6, Exe: 'agent.exe' }], 6)
  await settled()
  expect(await found('mark:benign')).toEqual([1, 3, 5])
  expect(await user.benign.get({ id })).toMatchObject({ inForce: false })
  const { version } = await user.benign.get({ id })
  await user.benign.update({ id, version, expiresAt: null })
  await settled()
  expect(await found('mark:benign')).toEqual([1, 3, 5, 6])
})

test('what would hide everything, or hang on marks, is no rule', async () => {
  const { user } = await desk(1)
  await expect(user.benign.create({ query: '*', reason: 'r' })).rejects.toThrow('Every row would be benign')
  await expect(user.benign.create({ query: 'a NOT mark:benign', reason: 'r' })).rejects.toThrow('leave out mark:')
  await expect(user.benign.create({ query: 'a | groupby b', reason: 'r' })).rejects.toThrow('leave out what counts')
  await expect(user.benign.create({ query: 'a:(', reason: 'r' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(user.benign.create({ ...agent, expiresAt: '2020-01-01T00:00:00Z' })).rejects.toThrow('have ended')
})

test('a rule for all tenants is a super-admin’s, marks in each, and is read and not changed elsewhere', async () => {
  const [mine, theirs] = [await desk(), await desk()]
  await expect(mine.admin.benign.create({ ...agent, everywhere: true })).rejects.toThrow('Needs benign:share')
  const root = await bed.callerOf(mine.tenantId, 'super_admin')
  expect(
    await root.benign.try({
      query: `${agent.query} (tenant:${mine.tenantId} OR tenant:${theirs.tenantId})`,
      tenant: 'all',
    }),
  ).toMatchObject({ total: 6, hosts: 1 })
  const rule = await root.benign.create({ ...agent, everywhere: true })
  await settled()
  await settled()
  expect(await theirs.found('mark:benign')).toEqual([1, 3, 5])
  expect(await theirs.user.benign.list({})).toMatchObject({ rows: [{ id: rule.id, own: false, rows: 3 }] })
  await expect(theirs.user.benign.end({ id: rule.id, version: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(mine.user.benign.end({ id: rule.id, version: 1 })).rejects.toThrow('Needs benign:share')
  const told = await theirs.admin.audit.list({})
  expect(told.rows.map(({ action }) => action)).toContain('benign.apply')
  const own = await mine.user.benign.create({ query: 'n:0', reason: 'Only ours' })
  await settled()
  expect((await theirs.user.benign.list({})).rows.map(({ id }) => id)).toEqual([rule.id])
  await expect(theirs.user.benign.get({ id: own.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await theirs.found('mark:benign')).toEqual([1, 3, 5])
  await root.benign.end({ id: rule.id, version: rule.version })
  await settled()
  await settled()
  expect(await theirs.found('mark:benign')).toEqual([])
  expect(await mine.found('mark:benign')).toEqual([0])
})

test('many rules of every kind mark just the rows that each of them finds by itself', async () => {
  const { user, found, send } = await desk(1)
  const queries = [
    ...Array.from({ length: 40 }, (_, i) => `n:${100 + i}`),
    'Exe:/^svc[0-9]+$/',
    'Exe:*helper*',
    'n:>=180',
    'host:*nowhere*',
    'NOT Exe:* n:[150 TO 152]',
    '"2026-11-24T10:00:00Z"',
  ]
  for (const query of queries) await user.benign.create({ query, reason: 'r' })
  await settled()
  const rows = Array.from({ length: 200 }, (_, i) => ({
    n: i + 1,
    ...(i % 3 === 0 && { Exe: i % 2 ? `svc${i}` : `my helper ${i}` }),
    ...(i === 70 && { At: '2026-11-24T10:00:00Z' }),
  }))
  await send(rows, 1)
  const expected = await found(queries.map((query) => `(${query})`).join(' OR '))
  expect(expected.length).toBeGreaterThan(90)
  await follow(never)
  expect(await found('mark:benign')).toEqual(expected)
})
