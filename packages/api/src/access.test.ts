import { afterAll, beforeAll, expect, test } from 'vitest'
import { appRouter, createCaller } from './index.ts'
import { may, roles, type Permission, type Role } from './permissions.ts'
import { fillTenant, rowOf, testBed, type TestBed } from './testing.ts'
import type { Meta } from './trpc.ts'

interface Known {
  _def: { meta?: Meta; type: string }
}

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Known>).map(([path, p]) => ({
  path,
  access: p._def.meta!.access,
}))

type Caller = Awaited<ReturnType<TestBed['callerOf']>>
const call = (caller: Caller, path: string) =>
  path.split('.').reduce((at, key) => (at as Record<string, unknown>)[key], caller as unknown) as (
    i: unknown,
  ) => Promise<unknown>
const codeOf = (caller: Caller, path: string, input: unknown) =>
  call(
    caller,
    path,
  )(input).then(
    () => 'OK',
    (error: { code?: string }) => error.code ?? 'no code',
  )

let bed: TestBed
let [own, other] = [0, 0]
beforeAll(async () => {
  bed = await testBed()
  ;[own, other] = [await bed.tenant(), await bed.tenant()]
})
afterAll(() => bed.close())

test('every procedure says who may call it', () => {
  expect(procedures.map(({ path, access }) => `${path}: ${access}`).toSorted()).toMatchInlineSnapshot(`
    [
      "annotations.create: case:work",
      "annotations.delete: case:work",
      "annotations.list: case:read",
      "annotations.ofRow: case:read",
      "annotations.restore: case:work",
      "annotations.update: case:work",
      "artifacts.create: artifact:work",
      "artifacts.delete: artifact:work",
      "artifacts.get: artifact:read",
      "artifacts.list: artifact:read",
      "artifacts.update: artifact:work",
      "audit.list: audit:read",
      "auth.changePassword: signed-in",
      "auth.firstRun: anyone",
      "auth.me: signed-in",
      "auth.redeem: anyone",
      "auth.refresh: anyone",
      "auth.register: anyone",
      "auth.signIn: anyone",
      "auth.signOut: anyone",
      "benign.create: benign:work",
      "benign.end: benign:work",
      "benign.get: row:read",
      "benign.list: row:read",
      "benign.restore: benign:work",
      "benign.try: row:read",
      "benign.update: benign:work",
      "cases.addRows: case:work",
      "cases.create: case:work",
      "cases.delete: case:work",
      "cases.get: case:read",
      "cases.list: case:read",
      "cases.removeRows: case:work",
      "cases.restore: case:work",
      "cases.rows: case:read",
      "cases.update: case:work",
      "collections.get: collection:read",
      "collections.hunts: collection:read",
      "collections.list: collection:read",
      "collections.whole: collection:read",
      "compare.rows: row:read",
      "compare.sources: row:read",
      "compare.values: row:read",
      "exports.cancel: row:read",
      "exports.create: row:read",
      "exports.get: row:read",
      "exports.list: row:read",
      "exports.remove: row:read",
      "health.errors: error:read",
      "health.status: signed-in",
      "hosts.get: host:read",
      "hosts.list: host:read",
      "indicators.acknowledge: indicator:work",
      "indicators.add: indicator:work",
      "indicators.create: indicator:work",
      "indicators.delete: indicator:work",
      "indicators.export: indicator:read",
      "indicators.get: indicator:read",
      "indicators.hits: indicator:read",
      "indicators.hitsOf: indicator:read",
      "indicators.import: indicator:work",
      "indicators.list: indicator:read",
      "indicators.promote: indicator:work",
      "indicators.recognise: indicator:read",
      "indicators.remove: indicator:work",
      "indicators.restore: indicator:work",
      "indicators.sweep: row:read",
      "indicators.toCase: case:work",
      "indicators.update: indicator:work",
      "indicators.values: indicator:read",
      "ingestion.addKey: token:manage",
      "ingestion.cancelImport: ingestion:send",
      "ingestion.deliveries: ingestion:read",
      "ingestion.files: collection:read",
      "ingestion.import: ingestion:read",
      "ingestion.imports: ingestion:read",
      "ingestion.keys: ingestion:read",
      "ingestion.makeKey: token:manage",
      "ingestion.overview: ingestion:read",
      "ingestion.previewCsv: ingestion:send",
      "ingestion.rejected: ingestion:read",
      "ingestion.rejectedPart: ingestion:read",
      "ingestion.removeKey: token:manage",
      "ingestion.retry: ingestion:send",
      "ingestion.retryImport: ingestion:send",
      "ingestion.testArrived: token:manage",
      "ingestion.testRow: token:manage",
      "notifications.list: signed-in",
      "notifications.read: signed-in",
      "notifications.readAll: signed-in",
      "notifications.unread: signed-in",
      "preferences.get: signed-in",
      "preferences.set: signed-in",
      "processes.snapshots: row:read",
      "processes.tree: row:read",
      "retention.get: retention:manage",
      "retention.preview: retention:manage",
      "retention.set: retention:manage",
      "rows.complete: row:read",
      "rows.explain: row:read",
      "rows.histogram: row:read",
      "rows.lines: row:read",
      "rows.list: row:read",
      "rows.provenance: row:read",
      "rows.raw: row:read",
      "rows.search: row:read",
      "rows.stack: row:read",
      "searches.annotate: search:keep",
      "searches.create: search:keep",
      "searches.delete: search:keep",
      "searches.get: search:keep",
      "searches.history: search:keep",
      "searches.list: search:keep",
      "searches.pin: search:keep",
      "searches.pinned: search:keep",
      "searches.remember: search:keep",
      "searches.restore: search:keep",
      "searches.update: search:keep",
      "senders.list: ingestion:read",
      "senders.watch: token:manage",
      "servers.list: token:manage",
      "servers.update: token:manage",
      "tenants.create: tenant:manage",
      "tenants.get: tenant:manage",
      "tenants.list: tenant:manage",
      "tenants.update: tenant:manage",
      "timeline.around: row:read",
      "timeline.aroundMore: row:read",
      "timeline.host: row:read",
      "timeline.lanes: row:read",
      "timeline.setTimeField: case:work",
      "tokens.create: token:manage",
      "tokens.list: token:manage",
      "tokens.revoke: token:manage",
      "triage.action: row:read",
      "triage.cancel: triage:work",
      "triage.comment: triage:work",
      "triage.commentRows: triage:work",
      "triage.comments: row:read",
      "triage.history: row:read",
      "triage.mark: triage:work",
      "triage.markFound: triage:work",
      "triage.marksOf: row:read",
      "triage.removeComment: triage:work",
      "triage.removeComments: triage:work",
      "triage.restoreComment: triage:work",
      "triage.tag: triage:work",
      "triage.tagFound: triage:work",
      "triage.undo: triage:work",
      "users.create: user:manage",
      "users.deactivate: user:manage",
      "users.get: user:manage",
      "users.list: user:manage",
      "users.reset: user:manage",
      "users.update: user:manage",
      "values.seen: row:read",
    ]
  `)
})

const guarded = procedures.filter(({ access }) => access !== 'anyone')

test.each(guarded)('$path is closed to who is not signed in', async ({ path }) => {
  const nobody = createCaller({ ...(await context()), actor: undefined })
  expect(await codeOf(nobody, path, {})).toBe('UNAUTHORIZED')
})

const context = async () => ({ database: bed.database, services: bed.services, origin: {} })
const asked = guarded.flatMap(({ path, access }) =>
  roles.map((role) => ({ path, access: access as Permission | 'signed-in', role })),
)
const allowed = (role: Role, access: Permission | 'signed-in') => access === 'signed-in' || may(role, access)

test.each(asked)('$path as $role answers as the table of rights says', async ({ path, access, role }) => {
  const caller = await bed.callerOf(own, role)
  const code = await codeOf(caller, path, {})
  if (allowed(role, access)) expect(['UNAUTHORIZED', 'FORBIDDEN']).not.toContain(code)
  else expect(code).toBe('FORBIDDEN')
})

/** These are about the caller, or about tenants themselves: they take no tenant. */
const withoutTenant = (path: string) => /^(auth|tenants|notifications|preferences)\.|^health\.status$/.test(path)

test.each(asked.filter(({ path }) => !withoutTenant(path)))(
  "$path as $role with another tenant's id is refused",
  async ({ path, access, role }) => {
    const caller = await bed.callerOf(own, role)
    for (const tenant of [other, 'all'] as const) {
      const code = await codeOf(caller, path, { tenant })
      if (role !== 'super_admin') expect(code).toBe('FORBIDDEN')
      else expect(allowed(role, access) ? 'FORBIDDEN' : 'never').not.toBe(code)
    }
  },
)

const takesNoId =
  /\.(list|hunts|whole|errors|seen|sweep|status|firstRun|register|signIn|signOut|refresh|redeem|me|changePassword)$|^(users|tokens|cases|tenants|exports)\.create$|^tenants\.|^preferences\.|^retention\.|^notifications\.(unread|readAll)$|^searches\.(create|history|pinned)$|^indicators\.(create|values|recognise|hits|hitsOf|acknowledge|toCase)$|^compare\.|^rows\.|^benign\.(create|try)$|^triage\.(marksOf|history|mark|markFound|tag|tagFound|comments|comment|commentRows|removeComments)$|^timeline\.(around|aroundMore)$|^annotations\.ofRow$|^ingestion\./

test('every procedure that takes an id stands in the table of foreign ids', () => {
  const unlisted = procedures.map((p) => p.path).filter((path) => !takesNoId.test(path) && !rowOf[path])
  expect(unlisted).toEqual([])
})

test.each(Object.entries(rowOf))(
  "%s does not find another tenant's row",
  async (path, { table, input, as = 'id', prepare }) => {
    await fillTenant(bed, other)
    if (prepare) await bed.root.query(`${prepare} where tenant_id = ${other}`)
    const { id } = await bed.one<{ id: number }>(
      `select id from ${table} where tenant_id = $1 order by id desc limit 1`,
      [other],
    )
    const before = await bed.one(`select * from ${table} where tenant_id = $1 and id = $2`, [other, id])
    const admin = await bed.callerOf(own, 'admin')
    expect(await codeOf(admin, path, { [as]: id, ...input })).toBe('NOT_FOUND')
    expect(await bed.one(`select * from ${table} where tenant_id = $1 and id = $2`, [other, id])).toEqual(before)
  },
)

test('a tenant that is not their own is refused and audited apart from the transaction', async () => {
  const caller = await bed.callerOf(own, 'admin', `nosy-${crypto.randomUUID()}`)
  expect(await codeOf(caller, 'hosts.list', { tenant: other })).toBe('FORBIDDEN')
  const event = await bed.one<{ action: string; detail: object }>(
    "select action, detail from audit_events where tenant_id = $1 and actor like 'nosy-%' order by id desc limit 1",
    [own],
  )
  expect(event).toEqual({ action: 'refused', detail: { procedure: 'hosts.list', tenant: other } })
})

test('a super-admin acts in a named tenant and reads across all, and each use is audited', async () => {
  await fillTenant(bed, other)
  const caller = await bed.callerOf(own, 'super_admin', `boss-${crypto.randomUUID()}`)
  const named = await caller.hosts.list({ tenant: other })
  expect(named.rows.every((row) => row.tenantId === other)).toBe(true)
  const all = await caller.hosts.list({ tenant: 'all' })
  expect(all.rows.length).toBeGreaterThanOrEqual(named.rows.length)
  const { rows } = await bed.root.query(
    "select tenant_id, action from audit_events where actor like 'boss-%' order by id",
  )
  expect(rows).toEqual([
    { tenant_id: other, action: 'act in tenant' },
    { tenant_id: own, action: 'read across tenants' },
  ])
})

test('reading the tenants themselves is audited, for one and for all', async () => {
  const caller = await bed.callerOf(own, 'super_admin', `census-${crypto.randomUUID()}`)
  await bed.root.query("insert into tenants (name) select 'many ' || n from generate_series(1, 210) n")
  const { rows: listed, nextCursor } = await caller.tenants.list()
  expect(listed.map((row) => row.id)).toEqual(expect.arrayContaining([own, other]))
  expect([listed.length > 210, nextCursor]).toEqual([true, null])
  expect(await caller.tenants.get({ id: other })).toMatchObject({ id: other })
  await expect(caller.tenants.get({ id: 2_000_000_000 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const { rows } = await bed.root.query("select detail from audit_events where actor like 'census-%' order by id")
  expect(rows.map((row) => row.detail.procedure)).toEqual(['tenants.list', 'tenants.get', 'tenants.get'])
})

test('an error inside a procedure rolls its transaction back', async () => {
  const caller = await bed.callerOf(own, 'admin')
  await bed.root.query("alter table audit_events add constraint broken check (action <> 'case.create') not valid")
  const title = crypto.randomUUID()
  await expect(caller.cases.create({ title })).rejects.toThrow('broken')
  await bed.root.query('alter table audit_events drop constraint broken')
  const { n } = await bed.one<{ n: number }>('select count(*) as n from cases where title = $1', [title])
  expect(n).toBe(0)
})
