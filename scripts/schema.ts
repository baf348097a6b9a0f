import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEmbedded } from '../packages/db/src/embedded.ts'
import { migrateUp } from '../packages/db/src/migrate.ts'

export const schemaFile = fileURLToPath(new URL('../packages/db/src/schema.ts', import.meta.url))
const packageFolder = fileURLToPath(new URL('../packages/db', import.meta.url))

/** Writes what the migrated database at `url` generates into `file`. */
export function generateSchema(url: string, file: string) {
  const options = ['--dialect', 'postgres', '--url', url, '--out-file', file, '--camel-case']
  const types = ['--type-mapping', JSON.stringify({ int8: 'number', int8multirange: 'string', bytea: 'Buffer' })]
  execFileSync('node_modules/.bin/kysely-codegen', [...options, ...types, '--exclude-pattern', '{kysely_*,blocks_*,block_columns_*}', '--log-level', 'error'], {
    stdio: 'inherit',
    cwd: packageFolder,
  })
  return readFileSync(file, 'utf8')
}

if (import.meta.main) {
  const cluster = await startEmbedded(mkdtempSync(join(tmpdir(), 'velocicompanion-schema-')), { test: true })
  try {
    await migrateUp(cluster.url)
    generateSchema(cluster.url, schemaFile)
  } finally {
    await cluster.stop()
  }
}
