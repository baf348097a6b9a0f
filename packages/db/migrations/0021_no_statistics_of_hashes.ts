import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

const make = (more: string) => `
create or replace function make_block_partitions(ahead int) returns void language plpgsql set search_path = pg_catalog, public as $$
declare m int;
begin
  for m in block_month(now()) .. block_month(now()) + ahead loop
    if to_regclass(format('public.blocks_%s', m)) is null then
      execute format('create table public.blocks_%s partition of public.blocks for values from (%s) to (%s)', m, m::bigint << 40, (m::bigint + 1) << 40);${more}
    end if;
    if to_regclass(format('public.block_columns_%s', m)) is null then
      execute format('create table public.block_columns_%s partition of public.block_columns for values from (%s) to (%s) with (toast_tuple_target = 8160)', m, m::bigint << 40, (m::bigint + 1) << 40);
    end if;
  end loop;
end $$;`

const columns = ['terms', 'grams']
const target = (to: number) => columns.map((column) => `alter ${column} set statistics ${to}`).join(', ')

const onEach = (to: number) => `do $$
declare part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'blocks'::regclass loop
    execute format('alter table %s ${target(to)}', part);
  end loop;
end $$; alter table only blocks ${target(to)};`

/**
 * Autovacuum counted the most common hashes of every sampled block, thousands in each, again and again while rows came in: it
 * took more of the processor than storing them. No plan needs them: the look-ups by hash allow one index alone.
 */
export async function up(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${evidence};
${onEach(0)}
${make(`
      execute format('alter table public.blocks_%s ${target(0)}', m);`)}
reset role`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql.raw(`set local role ${evidence};\n${onEach(-1)}\n${make('')}\nreset role`).execute(db)
}
