import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** With a source or a time, another index could join GIN in a BitmapAnd, and that one reads all of the tenant's blocks. */
export const up = (db: Kysely<unknown>) => replace(db, ' + 0')

export const down = (db: Kysely<unknown>) => replace(db, '')

async function replace(db: Kysely<unknown>, hidden: string) {
  const { evidence } = await databaseRoles(db)
  const returned = `returns table (tenant_id int, block_id bigint, source_id int, n int, t_min bigint, t_max bigint)`
  const kind = `stable security definer set search_path = pg_catalog, public set enable_seqscan = off`
  const columns = 'b.tenant_id, b.block_id, b.source_id, b.n, b.t_min, b.t_max'
  const times = `b.t_max${hidden} >= since and b.t_min${hidden} <= until`
  await sql
    .raw(
      `set local role ${evidence};
create or replace function find_blocks(tenant int, all_terms int[], in_sources int[], since bigint, until bigint) ${returned}
language plpgsql ${kind} as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  -- + 0 hides a column from every index but GIN: one of the others beside it makes a BitmapAnd that reads the whole tenant.
  return query select ${columns} from blocks b
    where b.terms @> all_terms and b.tenant_id + 0 = tenant
      and (in_sources is null or b.source_id${hidden} = any (in_sources)) and ${times};
end $$;
create or replace function find_blocks_everywhere(all_terms int[], since bigint, until bigint) ${returned}
language sql ${kind} as $$
  select ${columns} from blocks b where b.terms @> all_terms and ${times}
$$;
reset role`,
    )
    .execute(db)
}
