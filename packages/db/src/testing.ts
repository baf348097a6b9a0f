import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openDatabase, type Database } from './database.ts'
import { rolesOf } from './roles.ts'

export const templateName = 'velocicompanion'

export interface TestCluster {
  url: string
  superUrl: string
}

const inDatabase = (url: string, name: string) => {
  const at = new URL(url)
  at.pathname = `/${name}`
  return at.href
}

async function asSuper(cluster: TestCluster, statement: string) {
  const client = new pg.Client(inDatabase(cluster.superUrl, 'postgres'))
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The cluster that vitest's global setup started, from the environment of the run. */
export const testCluster = (): TestCluster => {
  const { TEST_DATABASE_URL: url, TEST_SUPER_URL: superUrl } = process.env
  if (!url || !superUrl) throw new Error('no test cluster: run the tests through vitest and its global setup')
  return { url, superUrl }
}

/** An empty database of the product's own login, not migrated. */
export async function emptyDatabase(cluster = testCluster()) {
  const name = `empty_${randomBytes(6).toString('hex')}`
  await asSuper(cluster, `create database ${name} owner velocicompanion`)
  return {
    name,
    url: inDatabase(cluster.url, name),
    superUrl: inDatabase(cluster.superUrl, name),
    drop: () => asSuper(cluster, `drop database if exists ${name} with (force)`),
  }
}

/** A fresh clone of the migrated template; its roles are the template's. */
export async function testDatabase(cluster = testCluster()): Promise<Database & { url: string; superUrl: string }> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuper(cluster, `create database ${name} template ${templateName} strategy file_copy owner velocicompanion`)
  const url = inDatabase(cluster.url, name)
  const database = openDatabase(url, { roles: rolesOf(templateName) })
  const close = async () => {
    await database.close()
    await asSuper(cluster, `drop database if exists ${name} with (force)`)
  }
  return { ...database, url, superUrl: inDatabase(cluster.superUrl, name), close }
}
