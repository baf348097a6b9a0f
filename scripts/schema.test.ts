import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testDatabase } from '../packages/db/src/testing.ts'
import { generateSchema, schemaFile } from './schema.ts'

test('schema.ts is what the migrated database generates', async () => {
  const database = await testDatabase()
  const file = join(mkdtempSync(join(tmpdir(), 'velocicompanion-')), 'schema.ts')
  try {
    expect(readFileSync(schemaFile, 'utf8')).toBe(generateSchema(database.url, file))
  } finally {
    await database.close()
  }
})
