import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '@velocicompanion/db'
import type { Services } from '../services.ts'

const free = 5
const tolerance = { pair: free, account: free * 4, address: free * 8 }
const longest = 15 * 60

/** Keys of an attempt: the account from this address, and the address over all accounts. Names are hashed: they may be typed passwords. */
export const keysOf = (services: Services, username: string, address: string) => {
  const keyed = (text: string) => createHmac('sha256', services.secretKey).update(text).digest('hex').slice(0, 32)
  const name = keyed(username.toLowerCase())
  return { pair: `pair:${name}:${keyed(address)}`, account: `account:${name}`, address: `address:${keyed(address)}` }
}

type Keys = ReturnType<typeof keysOf>

/**
 * Counts an attempt as failed before its password is looked at, so that many at once do not slip through together.
 * False while one of its keys is locked. An account that others hammer is closed to them, not to an address that it is known from.
 */
export async function mayTry(db: Db, keys: Keys, known: boolean) {
  const asked = known ? (['pair'] as const) : (['pair', 'account', 'address'] as const)
  for (const kind of asked) {
    if (!(await count(db, keys[kind], tolerance[kind]))) return false
  }
  return true
}

/** Each failure beyond the allowed ones doubles the wait; an hour without one forgets them. */
async function count(db: Db, key: string, allowed: number) {
  const { rows } = await sql`
    insert into throttles as t (key, failures) values (${key}, 1)
    on conflict (key) do update set
      failures = case when t.last_failure_at < now() - interval '1 hour' then 1 else t.failures + 1 end,
      last_failure_at = now(),
      locked_until = case when t.last_failure_at >= now() - interval '1 hour' and t.failures + 1 >= ${allowed}::int
        then now() + make_interval(secs => least(${longest}::int, 15 * power(2, least(t.failures + 1 - ${allowed}::int, 10)))) end
    where t.locked_until is null or t.locked_until <= now()
    returning key`.execute(db)
  return rows.length > 0
}

/** After a success: the account starts afresh, and the address loses the one count that was taken in advance. */
export async function succeeded(db: Db, keys: Keys) {
  await db.deleteFrom('throttles').where('key', 'in', [keys.pair, keys.account]).execute()
  await sql`
    update throttles set failures = failures - 1,
      locked_until = case when failures > ${tolerance.address}::int then locked_until end
    where key = ${keys.address} and failures > 0`.execute(db)
}

/** Lifts every lock of an account, from wherever it was tried. */
export async function unlock(db: Db, services: Services, username: string) {
  const { account } = keysOf(services, username, '')
  const pairs = `${account.replace('account:', 'pair:')}:%`
  await db
    .deleteFrom('throttles')
    .where((eb) => eb.or([eb('key', '=', account), eb('key', 'like', pairs)]))
    .execute()
}
