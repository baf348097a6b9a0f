import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

test('keeps what a person likes, a viewer too, and forgets it', async () => {
  const api = await bed.callerOf(await bed.tenant(), 'viewer')
  const keys = ['columns.1', 'density']
  expect(await api.preferences.get({ keys })).toEqual({})
  await api.preferences.set({ key: 'columns.1', value: { order: ['a.b', 'ü"'], widths: { 'a.b': 90 } } })
  await api.preferences.set({ key: 'columns.1', value: { order: ['x'] } })
  await api.preferences.set({ key: 'density', value: 'compact' })
  expect(await api.preferences.get({ keys })).toEqual({ 'columns.1': { order: ['x'] }, density: 'compact' })
  await api.preferences.set({ key: 'density', value: null })
  expect(await api.preferences.get({ keys })).toEqual({ 'columns.1': { order: ['x'] } })
})

test('is of one person: neither a colleague nor another tenant sees or changes it', async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const api = await bed.callerOf(own, 'user')
  await api.preferences.set({ key: 'density', value: 'comfortable' })
  for (const tenantId of [own, other]) {
    const stranger = await bed.callerOf(tenantId, 'super_admin')
    expect(await stranger.preferences.get({ keys: ['density'] })).toEqual({})
    await stranger.preferences.set({ key: 'density', value: 'compact' })
    await stranger.preferences.set({ key: 'density', value: null })
  }
  expect(await api.preferences.get({ keys: ['density'] })).toEqual({ density: 'comfortable' })
})

test('the same user number in another tenant is another person', async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const { id } = await bed.one<{ id: number }>(
    "insert into users (tenant_id, username, role) values ($1, $2, 'user') returning id",
    [own, crypto.randomUUID()],
  )
  const callerIn = (tenantId: number) =>
    createCaller({
      database: bed.database,
      services: bed.services,
      origin: {},
      actor: { userId: id, username: 'x', tenantId, role: 'user' },
    })
  await callerIn(own).preferences.set({ key: 'density', value: 'comfortable' })
  expect(await callerIn(other).preferences.get({ keys: ['density'] })).toEqual({})
})

test('has a size and a number that it does not grow beyond', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'user')
  await expect(api.preferences.set({ key: 'big', value: 'x'.repeat(20_001) })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  await expect(api.preferences.set({ key: 'a b', value: 1 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await api.preferences.set({ key: 'last', value: 0 })
  await bed.root.query(
    "insert into preferences (tenant_id, user_id, key, value) select tenant_id, user_id, 'k' || n, '1' from preferences, generate_series(1, 499) n where tenant_id = $1",
    [tenantId],
  )
  await expect(api.preferences.set({ key: 'one-more', value: 1 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await api.preferences.set({ key: 'last', value: 'changed' })
  expect(await api.preferences.get({ keys: ['last', 'one-more'] })).toEqual({ last: 'changed' })
})
