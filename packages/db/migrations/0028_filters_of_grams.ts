import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

const names = 'find_blocks_containing, find_blocks_containing_everywhere'

interface Roles {
  app: string
  reader: string
}

/** The functions that find blocks, with the bits of filters or as they were before. */
function functions({ app, reader }: Roles, withBits: boolean) {
  const parameters = `all_grams int[], any_grams int[], ${withBits ? 'all_bits int[], ' : ''}since bigint, until bigint`
  const returned = 'returns table (tenant_id int, block_id bigint, source_id int)'
  const kind = `stable security definer set search_path = pg_catalog, public set enable_seqscan = off`
  const holds = withBits ? ' and (b.gram_bits is null or all_bits is null or holds_bits(b.gram_bits, all_bits))' : ''
  // + 0 hides a column from every index but GIN: one of the others beside it makes a BitmapAnd that reads the whole tenant.
  const select = (where: string) => `select b.tenant_id, b.block_id, b.source_id from blocks b where ${where}
      and b.t_max + 0 >= since and b.t_min + 0 <= until`
  const found = (tenant: string, ofTenant: string) => `
    ${select(`b.grams @> all_grams${tenant} and any_grams is null`)}
    union all ${select(`b.grams && any_grams${tenant} and all_grams is null`)}
    union all ${select(`b.grams is null${ofTenant}`)}${holds}`
  const known = withBits ? 'those whose filter holds all of these bits, and those with neither' : 'those without grams'
  return `
drop function if exists ${names};
create function find_blocks_containing(tenant int, ${parameters}) ${returned} language plpgsql ${kind} as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks_containing: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  return query ${found(' and b.tenant_id + 0 = tenant', ' and b.tenant_id = tenant')};
end $$;
create function find_blocks_containing_everywhere(${parameters}) ${returned} language sql ${kind} as $$ ${found('', '')} $$;
comment on function find_blocks_containing is 'Blocks whose grams hold all of the first, or any of the second (the other is null), ${known}; the tenant is checked inside, as in find_blocks.';
comment on function find_blocks_containing_everywhere is 'The same over every tenant, for the reader role alone.';
revoke all on function ${names} from public;
grant execute on function find_blocks_containing to ${app};
grant execute on function find_blocks_containing_everywhere to ${reader};`
}

const indexes = (isSmall: string, lacksGrams: string) => `
drop index if exists blocks_small, blocks_without_parts;
create index blocks_small on blocks (tenant_id, source_id, received_at) where ${isSmall};
create index blocks_without_parts on blocks (tenant_id, block_id) where text is null or ${lacksGrams} or capped_fields is null;
comment on index blocks_small is 'which blocks are worth joining';
comment on index blocks_without_parts is 'blocks that lack a part, as they were stored before there was one';`

/**
 * A small block is joined with others within minutes. Until then it has a filter of its grams, which costs a fraction of taking
 * them into an index, and is read through.
 */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${roles.evidence};
alter table blocks add gram_bits bytea;
alter table blocks alter gram_bits set storage external;
comment on column blocks.grams is 'sorted hashes of four characters in a row of the distinct leaves (evidence/grams.ts)';
comment on column blocks.gram_bits is 'in their place a Bloom filter of the same, while the block is small and may be joined with others';
comment on index blocks_without_grams is 'find_blocks_containing(): blocks of which a filter must tell';
${indexes('gram_bits is not null', '(grams is null and gram_bits is null)')}
create function holds_bits(bits bytea, wanted int[]) returns boolean language plpgsql immutable parallel safe set search_path = pg_catalog as $$
declare
  -- A copy: each look at a bit would fetch all of them anew.
  held bytea := bits || ''::bytea;
  mask int := length(held) * 8 - 1;
  bit int;
begin
  foreach bit in array wanted loop
    if get_bit(held, bit & mask) = 0 then
      return false;
    end if;
  end loop;
  return true;
end $$;
comment on function holds_bits is 'Whether a filter of grams, of a size that is a power of two, has all of these bits, each by its lower ones.';
revoke all on function holds_bits from public;
${functions(roles, true)}
reset role`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${roles.evidence};
${functions(roles, false)}
drop function holds_bits;
${indexes('n < 500', 'grams is null')}
alter table blocks drop gram_bits;
reset role`,
    )
    .execute(db)
}
