import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCaller } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

test.each([
  ['http://127.0.0.1:8000', true],
  ['https://localhost', true],
  ['http://[::1]:8000/desk', true],
  ['http://127.9.9.9', true],
  ['https://localhost.example.com', false],
  ['https://127.0.0.1.example.com', false],
  ['http://192.0.2.1:8000', false],
])('whether snippets that show %s lead other machines here is said: %j', async (publicUrl, publicUrlIsLoopback) => {
  const actor = { userId: 1, username: 'ada', tenantId: 1, role: 'viewer' as const }
  const caller = createCaller({ database: bed.database, services: { ...bed.services, publicUrl }, actor, origin: {} })
  expect(await caller.health.status()).toMatchObject({ publicUrl, publicUrlIsLoopback })
})
