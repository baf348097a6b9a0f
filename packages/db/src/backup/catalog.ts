import type { Client } from 'pg'
import { BackupError } from './format.ts'

export interface Table {
  name: string
  owner: string
  columns: string[]
  partitioned: boolean
  /** Tables that its rows point to. */
  needs: string[]
  /** Whether something is done when its rows change. */
  triggers: boolean
}

/** Tables of the product, each after those that its rows point to. The migrator's own are its own. */
export async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
select c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner, c.relkind = 'p' as partitioned,
  (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
  array(select distinct f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid
    where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as needs,
  exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal) as triggers
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and c.relname !~ '^kysely_' order by c.relname`)
  return inOrder(rows)
}

function inOrder(tables: Table[]): Table[] {
  const ordered = new Map<string, Table>()
  while (ordered.size < tables.length) {
    const next = tables.find((t) => !ordered.has(t.name) && t.needs.every((name) => ordered.has(name)))
    if (!next) throw new BackupError('Tables point to each other in a circle')
    ordered.set(next.name, next)
  }
  return [...ordered.values()]
}

export async function sequencesOf(client: Client) {
  const { rows } = await client.query<{ name: string; owner: string }>(`
select c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'S' order by c.relname`)
  return rows
}

export async function monthsOf(client: Client): Promise<number[]> {
  const { rows } = await client.query<{ month: number }>(`
select substring(c.relname from '^blocks_(\\d+)$')::int as month from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = to_regclass('public.blocks') and c.relname ~ '^blocks_\\d+$' order by 1`)
  return rows.map((row) => row.month)
}

/** Takes the role that owns something: its rights are all of them, and no policy binds it. */
export const become = (client: Client, role: string) => client.query(`set local role ${client.escapeIdentifier(role)}`)
