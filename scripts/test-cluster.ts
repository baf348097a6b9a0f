import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../packages/db/src/embedded.ts'
import { migrateUp } from '../packages/db/src/migrate.ts'

/** One PostgreSQL for the whole run, without fsync; each test file clones its migrated database. */
export default async function setup() {
  const cluster = await startEmbedded(mkdtempSync(join(tmpdir(), 'velocicompanion-test-')), { test: true })
  await migrateUp(cluster.url)
  process.env.TEST_DATABASE_URL = cluster.url
  process.env.TEST_SUPER_URL = cluster.superUrl
  return () => cluster.stop()
}
