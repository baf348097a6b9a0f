import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed } from '../../testing.ts'

export type Place = Awaited<ReturnType<typeof placeOn>>

/** A database with an ingestion, and what makes hosts whose sources hold rows. */
export async function timelineBed() {
  const bed = await testBed()
  const ingest = await openIngest(bed.database)
  const hostOf = async (tenantId: number, hostname = 'ws-1') =>
    (
      await bed.one<{ id: number }>('insert into hosts (tenant_id, hostname) values ($1, $2) returning id', [
        tenantId,
        hostname,
      ])
    ).id
  /** Stores rows; their names. */
  const store = async (at: Place, rows: object[], firstRow = 0) => {
    const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    await storeGroup(ingest, at, { bytes, lines: rows.length, firstLine: 0 }, firstRow)
    return rows.map((_, i) => `${at.collectionId}.${at.sourceId}.${firstRow + i}`)
  }
  /** A new tenant with a host that has these sources. */
  const hostWith = async (sources: string[]) => {
    const tenantId = await bed.tenant()
    const hostId = await hostOf(tenantId)
    const places: Place[] = []
    for (const source of sources) places.push(await placeOn(bed, tenantId, hostId, source))
    return { tenantId, hostId, places, api: await bed.callerOf(tenantId, 'user') }
  }
  const close = async () => {
    await ingest.close()
    await bed.close()
  }
  return { ...bed, hostOf, store, hostWith, close }
}

/** A time on one day, so many seconds behind 06:38. */
export const second = (n: number, fraction = '') =>
  `2026-11-24T06:${String(38 + Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}${fraction}Z`
