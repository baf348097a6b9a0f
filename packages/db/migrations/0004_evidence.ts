import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** A block's id is (months since 2020-01) * 2^40 + a sequence: partitions are ranges of it, so no other key needs the month. */
export async function up(db: Kysely<unknown>) {
  const { app, evidence, reader } = await databaseRoles(db)
  await sql
    .raw(
      `
create sequence block_numbers;
create table blocks (
  tenant_id int not null,
  block_id bigint not null,
  source_id int not null,
  host_ids bigint[] not null,
  n int not null,
  t_min bigint not null,
  t_max bigint not null,
  raw_bytes int not null,
  raw bytea not null,
  frames int[] not null,
  text bytea,
  terms int[] not null,
  grams int[],
  received_at timestamptz(3) not null default now(),
  primary key (tenant_id, block_id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
) partition by range (block_id);
alter table blocks alter raw set storage external, alter text set storage external, alter terms set storage external, alter grams set storage external;
create index blocks_source_time on blocks (tenant_id, source_id, t_max);
create index blocks_time on blocks (tenant_id, t_max);
create index blocks_terms on blocks using gin (terms);
comment on index blocks_source_time is 'rows.search: blocks of a source, newest first';
comment on index blocks_time is 'rows.search without a source, newest first';
comment on index blocks_terms is 'find_blocks(): blocks that hold every hashed value of a query';
comment on column blocks.t_min is 'event times in microseconds since 1970';
comment on column blocks.raw is 'zstd frames of 50 lines exactly as sent; frames holds their byte offsets';
comment on column blocks.text is 'the distinct lower-cased leaves with the rows of each';
comment on column blocks.terms is 'sorted 32-bit keyed hashes of the distinct leaves and of the indicators inside them';

create table block_columns (
  tenant_id int not null,
  source_id int not null,
  field_id int not null,
  block_id bigint not null,
  chunk bytea not null,
  primary key (tenant_id, source_id, field_id, block_id)
) partition by range (block_id);
alter table block_columns alter chunk set storage external;

create table runs (
  tenant_id int not null,
  collection_id bigint not null,
  source_id int not null,
  first_row bigint not null,
  n int not null,
  block_id bigint not null,
  block_row int not null,
  host_id bigint not null,
  delivery_id bigint not null,
  sha256 bytea not null,
  primary key (tenant_id, collection_id, source_id, first_row),
  foreign key (tenant_id, collection_id, source_id) references collection_sources (tenant_id, collection_id, source_id),
  foreign key (tenant_id, host_id) references hosts (tenant_id, id),
  foreign key (tenant_id, delivery_id) references deliveries (tenant_id, id)
);
create index runs_block on runs (tenant_id, block_id, block_row);
create index runs_host on runs (tenant_id, host_id, source_id, block_id);
comment on index runs_block is 'naming the rows of a block';
comment on index runs_host is 'rows.search with host:';
comment on table runs is 'Consecutive rows of one source of one collection, and the block that holds them now. A row is named (collection, source, row), never (block, row): compaction moves blocks. sha256 is of the lines of the run.';

create function block_month(at timestamptz) returns int language sql immutable set search_path = pg_catalog as
  $$ select ((extract(year from at at time zone 'UTC') - 2020) * 12 + extract(month from at at time zone 'UTC') - 1)::int $$;
create function next_block_id(at timestamptz) returns bigint language sql volatile set search_path = pg_catalog, public as
  $$ select block_month(at)::bigint * (1::bigint << 40) + nextval('block_numbers') $$;
create function make_block_partitions(ahead int) returns void language plpgsql set search_path = pg_catalog, public as $$
declare m int;
begin
  for m in block_month(now()) .. block_month(now()) + ahead loop
    if to_regclass(format('public.blocks_%s', m)) is null then
      execute format('create table public.blocks_%s partition of public.blocks for values from (%s) to (%s)', m, m::bigint << 40, (m::bigint + 1) << 40);
    end if;
    if to_regclass(format('public.block_columns_%s', m)) is null then
      execute format('create table public.block_columns_%s partition of public.block_columns for values from (%s) to (%s) with (toast_tuple_target = 8160)', m, m::bigint << 40, (m::bigint + 1) << 40);
    end if;
  end loop;
end $$;
comment on function make_block_partitions is 'Partitions of this month and of the next ones; run at start and by a job. Months are counted from 2020-01.';
create table blocks_default partition of blocks default;
create table block_columns_default partition of block_columns default;

create function find_blocks(tenant int, all_terms int[], in_sources int[], since bigint, until bigint)
returns table (tenant_id int, block_id bigint, source_id int, n int, t_min bigint, t_max bigint)
language plpgsql stable security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
  if tenant is null or tenant is distinct from current_tenant() then
    raise exception 'find_blocks: not this tenant' using errcode = 'insufficient_privilege';
  end if;
  -- tenant_id + 0: a tenant index beside GIN makes a BitmapAnd that reads the whole tenant.
  return query select b.tenant_id, b.block_id, b.source_id, b.n, b.t_min, b.t_max from blocks b
    where b.terms @> all_terms and b.tenant_id + 0 = tenant
      and (in_sources is null or b.source_id = any (in_sources)) and b.t_max >= since and b.t_min <= until;
end $$;
create function find_blocks_everywhere(all_terms int[], since bigint, until bigint)
returns table (tenant_id int, block_id bigint, source_id int, n int, t_min bigint, t_max bigint)
language sql stable security definer set search_path = pg_catalog, public set enable_seqscan = off as $$
  select b.tenant_id, b.block_id, b.source_id, b.n, b.t_min, b.t_max from blocks b
    where b.terms @> all_terms and b.t_max >= since and b.t_min <= until
$$;
comment on function find_blocks is 'Blocks whose terms hold all hashes. Operators of GIN are not leakproof, so under a policy the index is off: the tenant is checked inside.';
comment on function find_blocks_everywhere is 'The same over every tenant, for the reader role alone.';
revoke all on function find_blocks, find_blocks_everywhere, make_block_partitions, next_block_id from public;
`,
    )
    .execute(db)
  for (const table of ['blocks', 'block_columns', 'runs']) {
    await sql
      .raw(
        `alter table ${table} enable row level security;
create policy tenant on ${table} to ${app} using (tenant_id = current_tenant());
create policy every on ${table} for select to ${reader} using (true);
alter table ${table} owner to ${evidence}`,
      )
      .execute(db)
  }
  await sql
    .raw(
      `
alter table blocks_default owner to ${evidence};
alter table block_columns_default owner to ${evidence};
alter sequence block_numbers owner to ${evidence};
alter function find_blocks owner to ${evidence};
alter function find_blocks_everywhere owner to ${evidence};
alter function next_block_id owner to ${evidence};
alter function make_block_partitions owner to ${evidence};
set local role ${evidence};
grant select on blocks, block_columns, runs to ${app}, ${reader};
grant usage on sequence block_numbers to ${app};
grant execute on function find_blocks, next_block_id to ${app};
grant execute on function find_blocks_everywhere to ${reader};
select make_block_partitions(2);
reset role;
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `set local role ${evidence};
drop function find_blocks, find_blocks_everywhere, make_block_partitions, next_block_id;
drop table runs, block_columns, blocks; drop sequence block_numbers;
reset role; drop function block_month`,
    )
    .execute(db)
}
