import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** How long a tenant keeps what it receives, what a case holds meanwhile, and the runs that remove the rest. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
alter table tenants add column retention_days int check (retention_days between 1 and 36500);
alter table tenants add column retention_changed_at timestamptz(3);
alter table tenants add column retention_changed_by text;
comment on column tenants.retention_days is 'rows and files are removed so many days after they were received; null: kept for ever';

alter table collection_sources add column removed int8multirange not null default '{}';
comment on column collection_sources.removed is 'row numbers that were received and removed by retention; such a row that comes again is stored again, and stands in both ranges';

create table retention_runs (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  days int not null,
  cutoff timestamptz(3) not null,
  rows bigint not null default 0,
  blocks bigint not null default 0,
  deliveries bigint not null default 0,
  rejected bigint not null default 0,
  files bigint not null default 0,
  file_bytes bigint not null default 0,
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  primary key (tenant_id, id)
);
create unique index retention_runs_open on retention_runs (tenant_id) where ended_at is null;
comment on index retention_runs_open is 'one run at a time in a tenant: one that was cut is gone on with';
comment on table retention_runs is 'What was removed before cutoff. The counts grow in the transactions that remove.';

create table case_rows (
  tenant_id int not null,
  case_id bigint not null,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  added_by bigint,
  added_at timestamptz(3) not null default now(),
  primary key (tenant_id, case_id, collection_id, source_id, row_number),
  foreign key (tenant_id, case_id) references cases (tenant_id, id),
  foreign key (tenant_id, collection_id, source_id) references collection_sources (tenant_id, collection_id, source_id),
  foreign key (tenant_id, added_by) references users (tenant_id, id)
);
comment on table case_rows is 'Rows that a case holds as evidence: retention leaves them.';
` +
        tenantWall(roles, 'retention_runs') +
        tenantWall(roles, 'case_rows') +
        // What was set aside is append-only for the application; only who removes evidence removes it.
        ['rejected_rows', 'rejected_parts']
          .map(
            (table) => `
create policy removed on ${table} to ${roles.evidence} using (tenant_id = current_tenant()) with check (false);
grant select, delete on ${table} to ${roles.evidence};`,
          )
          .join('') +
        `
set local role ${roles.evidence};
create index runs_delivery on runs (tenant_id, delivery_id);
comment on index runs_delivery is 'retention: whether rows of a delivery are still stored';
create function drop_empty_block_partition() returns int language plpgsql set search_path = pg_catalog, public as $$
declare
  m int;
  used boolean;
begin
  for m in select substring(c.relname from 8)::int from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.blocks'::regclass and c.relname ~ '^blocks_\\d+$' order by 1 loop
    -- A transaction that took its block ids before midnight may still be writing.
    exit when m >= block_month(now() - interval '2 days');
    execute format('select exists (select from public.blocks_%s) or exists (select from public.block_columns_%s)', m, m) into used;
    continue when used;
    lock table public.blocks, public.block_columns in access exclusive mode;
    execute format('select exists (select from public.blocks_%s) or exists (select from public.block_columns_%s)', m, m) into used;
    continue when used;
    execute format('drop table public.blocks_%s, public.block_columns_%s', m, m);
    return m;
  end loop;
  return null;
end $$;
comment on function drop_empty_block_partition is 'Drops the oldest month before this one that holds nothing; returns it, or null when there is none.';
revoke all on function drop_empty_block_partition from public;
reset role;
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `
set local role ${evidence};
drop function drop_empty_block_partition;
drop index runs_delivery;
reset role;
drop policy removed on rejected_rows;
drop policy removed on rejected_parts;
revoke select, delete on rejected_rows, rejected_parts from ${evidence};
drop table case_rows, retention_runs;
alter table collection_sources drop column removed;
alter table tenants drop column retention_days, drop column retention_changed_at, drop column retention_changed_by;`,
    )
    .execute(db)
}
