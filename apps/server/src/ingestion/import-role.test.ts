import { testBed } from '@velocicompanion/api/testing'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildApp, buildWorkerApp } from '../app.ts'
import { testDeps } from '../testing.ts'

test('ROLE=server takes a file in and leaves its import to a worker', async () => {
  const bed = await testBed()
  const tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  const { token } = await admin.tokens.create({ name: 'drop', scope: 'ingest' })
  const kept = () =>
    bed.one<{ state: string; attempts: number }>('select state, attempts from imports where tenant_id = $1', [tenant])

  const server = await buildApp(testDeps(bed.database, { settings: { ROLE: 'server' } }))
  const { statusCode } = await server.inject({
    method: 'POST',
    url: '/api/ingestion/import?name=a.jsonl',
    payload: '{"a":1}\n',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
  })
  // Whoever had taken it up would have said so, and would be waited for.
  await server.close()
  expect([statusCode, await kept()]).toEqual([202, { state: 'queued', attempts: 0 }])

  const worker = await buildWorkerApp(testDeps(bed.database))
  await worker.ready()
  while ((await kept()).state !== 'done') await wait(20)
  await worker.close()
  const { rows } = await (await bed.callerOf(tenant, 'viewer')).ingestion.imports({})
  expect(rows).toMatchObject([{ state: 'done', result: { stored: 1 } }])
  await bed.close()
})
