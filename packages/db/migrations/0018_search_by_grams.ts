import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** Which blocks may contain a text, and a list of what GIN has put off that stays short. */
export async function up(db: Kysely<unknown>) {
  const { app, evidence, reader } = await databaseRoles(db)
  const returned = 'returns table (tenant_id int, block_id bigint, source_id int)'
  const kind = `stable security definer set search_path = pg_catalog, public set enable_seqscan = off`
  const arguments_ = 'all_grams int[], any_grams int[], since bigint, until bigint'
  // + 0 hides a column from every index but GIN: one of the others beside it makes a BitmapAnd that reads the whole tenant.
  const select = (where: string) => `select b.tenant_id, b.block_id, b.source_id from blocks b where ${where}
      and b.t_max + 0 >= since and b.t_min + 0 <= until`
  const found = (tenant: string, ofTenant: string) => `
    ${select(`b.grams @> all_grams${tenant} and any_grams is null`)}
    union all ${select(`b.grams && any_grams${tenant} and all_grams is null`)}
    union all ${select(`b.grams is null${ofTenant}`)}`
  await sql
    .raw(
      `set local role ${evidence};
create index blocks_grams on blocks using gin (grams);
create index blocks_without_grams on blocks (tenant_id, block_id) where grams is null;
comment on index blocks_grams is 'find_blocks_containing(): blocks whose values may contain a text';
comment on index blocks_without_grams is 'find_blocks_containing(): blocks of which that is not known';
comment on column blocks.grams is 'sorted hashes of four characters in a row of the distinct leaves (evidence/grams.ts); null: not known';
create function find_blocks_containing(tenant int, ${arguments_}) ${returned} language plpgsql ${kind} as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks_containing: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  return query ${found(' and b.tenant_id + 0 = tenant', ' and b.tenant_id = tenant')};
end $$;
create function find_blocks_containing_everywhere(${arguments_}) ${returned} language sql ${kind} as $$ ${found('', '')} $$;
comment on function find_blocks_containing is 'Blocks whose grams hold all of the first, or any of the second (the other is null), and those without grams; the tenant is checked inside, as in find_blocks.';
comment on function find_blocks_containing_everywhere is 'The same over every tenant, for the reader role alone.';
create function take_in_pending(in_column text) returns bigint language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  pages bigint := 0;
  index oid;
begin
  -- Rows come into this month, and a minute ago perhaps into the one before; others may be dropped under our hands.
  for index in select c.oid from pg_class c join pg_am a on a.oid = c.relam join pg_index i on i.indexrelid = c.oid
    join pg_attribute t on t.attrelid = i.indrelid and t.attnum = i.indkey[0]
    where a.amname = 'gin' and c.relkind = 'i' and t.attname = in_column and i.indrelid in (to_regclass('blocks_default'),
      to_regclass('blocks_' || block_month(now())), to_regclass('blocks_' || block_month(now() - interval '1 minute')))
  loop
    pages := pages + gin_clean_pending_list(index);
  end loop;
  return pages;
end $$;
comment on function take_in_pending is 'Takes what the GIN indexes of a column of blocks have put off into them: every search reads through that list.';
revoke all on function find_blocks_containing, find_blocks_containing_everywhere, take_in_pending from public;
grant execute on function find_blocks_containing, take_in_pending to ${app};
grant execute on function find_blocks_containing_everywhere to ${reader};
reset role`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${evidence};
drop function find_blocks_containing, find_blocks_containing_everywhere, take_in_pending;
drop index blocks_grams, blocks_without_grams;
reset role`,
    )
    .execute(db)
}
