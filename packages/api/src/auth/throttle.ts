import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '@velocicompanion/db'
import type { Services } from '../services.ts'

const free = 5
const longest = 15 * 60

/** Keys of an attempt: the account from this address, and the address over all accounts. Names are hashed: they may be typed passwords. */
export const keysOf = (services: Services, username: string, address: string) => {
  const keyed = (text: string) => createHmac('sha256', services.secretKey).update(text).digest('hex').slice(0, 32)
  const name = username.toLowerCase()
  return {
    pair: `pair:${keyed(`${name}\n${address}`)}`,
    account: `account:${keyed(name)}`,
    address: `address:${keyed(address)}`,
  }
}

type Keys = ReturnType<typeof keysOf>

/** Seconds to wait; an account that others hammer is closed to them, not to an address that it is known from. */
export async function waitOf(db: Db, keys: Keys, known: boolean) {
  const asked = known ? [keys.pair] : [keys.pair, keys.account, keys.address]
  const row = await db
    .selectFrom('throttles')
    .select(sql<number>`coalesce(ceil(extract(epoch from max(locked_until) - now())), 0)::int`.as('seconds'))
    .where('key', 'in', asked)
    .where('lockedUntil', '>', sql<Date>`now()`)
    .executeTakeFirst()
  return row?.seconds ?? 0
}

/** Each failure beyond the free ones doubles the wait; an hour without one forgets them. */
export async function noteFailure(db: Db, keys: Keys) {
  const tolerance = { [keys.pair]: free, [keys.account]: free * 4, [keys.address]: free * 8 }
  for (const [key, allowed] of Object.entries(tolerance)) {
    await sql`
      insert into throttles as t (key, failures) values (${key}, 1)
      on conflict (key) do update set
        failures = case when t.last_failure_at < now() - interval '1 hour' then 1 else t.failures + 1 end,
        last_failure_at = now(),
        locked_until = case when t.last_failure_at >= now() - interval '1 hour' and t.failures + 1 >= ${allowed}::int
          then now() + make_interval(secs => least(${longest}::int, 15 * power(2, least(t.failures + 1 - ${allowed}::int, 10)))) end`.execute(
      db,
    )
  }
}

export const forget = (db: Db, keys: Keys) =>
  db.deleteFrom('throttles').where('key', 'in', [keys.pair, keys.account]).execute()
