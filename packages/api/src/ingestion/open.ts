import type { Database } from '@velocicompanion/db'
import { preparePool } from '../evidence/pool.ts'
import { fieldIds } from './fields.ts'
import { numbers } from './numbers.ts'
import { knownPlaces } from './places.ts'
import type { Ingest } from './store.ts'

/** The parts of ingestion that live as long as the process. */
export async function openIngest(
  database: Database,
  {
    count = () => {},
    checkRoom = () => {},
  }: { count?: Ingest['count']; checkRoom?: Ingest['checkRoom'] | undefined } = {},
): Promise<Ingest & { close(): Promise<void> }> {
  const { termKey } = await database.db.selectFrom('installation').select('termKey').executeTakeFirstOrThrow()
  const pool = preparePool({ termKey })
  return {
    database,
    pool,
    fields: fieldIds(database),
    places: knownPlaces(),
    numbers: numbers(database),
    count,
    checkRoom,
    close: () => pool.close(),
  }
}
