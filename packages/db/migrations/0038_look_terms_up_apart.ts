import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

const kind = `stable security definer set search_path = pg_catalog, public set enable_seqscan = off`
const within = `b.t_max + 0 >= since and b.t_min + 0 <= until`

/** Each term by itself: what a block holds of a list is then told by the index, and its thousands of terms need not be read. */
const apart = (more: string) => `
    select b.tenant_id, b.block_id, b.source_id, array_agg(t.term)
    from (select distinct unnest(any_terms)) t(term)
    cross join lateral (
      select x.tenant_id, x.block_id, x.source_id from blocks x
      where x.terms @> array[t.term] and ${within.replaceAll('b.', 'x.')}${more} offset 0
    ) b
    group by b.tenant_id, b.block_id, b.source_id`

const together = (more: string) => `
    select b.tenant_id, b.block_id, b.source_id, array(select unnest(b.terms) intersect select unnest(any_terms))
    from blocks b where b.terms && any_terms and ${within}${more}`

// + 0 hides a column from every index but GIN: one of the others beside it makes a BitmapAnd that reads the whole tenant.
const functions = (found: (more: string) => string, tenant: string) => `
create or replace function find_blocks_any(tenant int, any_terms int[], since bigint, until bigint)
returns table (tenant_id int, block_id bigint, source_id int, hits int[])
language plpgsql ${kind} as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks_any: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  return query ${found(` and ${tenant}.tenant_id + 0 = tenant`)};
end $$;
create or replace function find_blocks_any_everywhere(any_terms int[], since bigint, until bigint)
returns table (tenant_id int, block_id bigint, source_id int, hits int[])
language sql ${kind} as $$ ${found('')} $$`

async function make(db: Kysely<unknown>, text: string) {
  const { evidence } = await databaseRoles(db)
  await sql.raw(`set local role ${evidence};\n${text};\nreset role`).execute(db)
}

export const up = (db: Kysely<unknown>) => make(db, functions(apart, 'x'))

export const down = (db: Kysely<unknown>) => make(db, functions(together, 'b'))
