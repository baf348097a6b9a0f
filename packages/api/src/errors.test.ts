import { openDatabase, rolesOf } from '@velocicompanion/db'
import { templateName } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller } from './index.ts'
import { testBed, type TestBed } from './testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

test('a call that gets no connection in time says that the server is busy, not that it failed', async () => {
  const database = openDatabase(bed.database.url, { roles: rolesOf(templateName), max: 1, waitMs: 50 })
  const taken = await database.pool.connect()
  const caller = createCaller({ database, services: bed.services, actor: undefined, origin: {} })
  await expect(caller.auth.firstRun()).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    message: expect.stringMatching(/busy/),
  })
  taken.release()
  expect(await caller.auth.firstRun()).toMatchObject({ needed: true })
  await database.close()
})
