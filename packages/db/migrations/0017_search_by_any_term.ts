import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** What a query of several values, and one of a field, needs to know of a block. */
export async function up(db: Kysely<unknown>) {
  const { app, evidence, reader } = await databaseRoles(db)
  const returned = 'returns table (tenant_id int, block_id bigint, source_id int, hits int[])'
  const kind = `stable security definer set search_path = pg_catalog, public set enable_seqscan = off`
  const columns = `b.tenant_id, b.block_id, b.source_id, array(select unnest(b.terms) intersect select unnest(any_terms))`
  const found = `b.terms && any_terms and b.t_max + 0 >= since and b.t_min + 0 <= until`
  await sql
    .raw(
      `set local role ${evidence};
alter table blocks add column capped_fields int;
comment on column blocks.capped_fields is 'fields without a column (evidence/block.ts); null: not known. While it is not 0, a question about a field reads the exact lines.';
create function find_blocks_any(tenant int, any_terms int[], since bigint, until bigint) ${returned}
language plpgsql ${kind} as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks_any: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  -- + 0 hides a column from every index but GIN: one of the others beside it makes a BitmapAnd that reads the whole tenant.
  return query select ${columns} from blocks b where ${found} and b.tenant_id + 0 = tenant;
end $$;
create function find_blocks_any_everywhere(any_terms int[], since bigint, until bigint) ${returned}
language sql ${kind} as $$ select ${columns} from blocks b where ${found} $$;
comment on function find_blocks_any is 'Blocks whose terms hold at least one of the hashes, and which; the tenant is checked inside, as in find_blocks.';
comment on function find_blocks_any_everywhere is 'The same over every tenant, for the reader role alone.';
revoke all on function find_blocks_any, find_blocks_any_everywhere from public;
grant execute on function find_blocks_any to ${app};
grant execute on function find_blocks_any_everywhere to ${reader};
reset role`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${evidence};
drop function find_blocks_any, find_blocks_any_everywhere;
alter table blocks drop column capped_fields;
reset role`,
    )
    .execute(db)
}
