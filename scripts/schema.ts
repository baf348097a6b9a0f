import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../packages/db/src/embedded.ts'
import { migrateUp } from '../packages/db/src/migrate.ts'

const schemaFile = 'packages/db/src/schema.ts'

/** Writes what the migrated database at `url` generates into `file`. */
export function generateSchema(url: string, file: string) {
  const options = ['--dialect', 'postgres', '--url', url, '--out-file', file, '--camel-case']
  const types = ['--type-mapping', JSON.stringify({ int8: 'number', int8multirange: 'string', bytea: 'Buffer' })]
  execFileSync('node_modules/.bin/kysely-codegen', [...options, ...types, '--exclude-pattern', '{kysely_*,blocks_*,block_columns_*}', '--log-level', 'error'], {
    stdio: 'inherit',
    cwd: 'packages/db',
  })
  return readFileSync(file, 'utf8')
}

if (import.meta.main) {
  const cluster = await startEmbedded(mkdtempSync(join(tmpdir(), 'velocicompanion-schema-')), { test: true })
  try {
    await migrateUp(cluster.url)
    generateSchema(cluster.url, join(process.cwd(), schemaFile))
  } finally {
    await cluster.stop()
  }
}
