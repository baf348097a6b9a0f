import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Lists of what is known to be bad, or known to be harmless, and the rows in which it stands. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create type indicator_kind as enum ('md5', 'sha1', 'sha256', 'imphash', 'ip', 'cidr', 'domain', 'url', 'email', 'file_name',
  'file_path', 'registry_key', 'user', 'sid', 'certificate', 'ssh_key', 'mutex', 'other');
create type indicator_match as enum ('exact', 'wildcard', 'regex');
create type tlp as enum ('clear', 'green', 'amber', 'amber+strict', 'red');

create table indicator_lists (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  owner_id bigint,
  name text not null check (name <> ''),
  benign boolean not null default false,
  active boolean not null default true,
  tlp tlp not null default 'amber',
  confidence int not null default 50 check (confidence between 0 and 100),
  severity case_severity not null default 'medium',
  tags text[] not null default '{}',
  source text not null default '',
  note text not null default '',
  valid_from timestamptz(3),
  valid_until timestamptz(3),
  shared_with int[] not null default '{}',
  version int not null default 1,
  generation int not null default 1,
  last_indicator bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, owner_id) references users (tenant_id, id)
);
comment on column indicator_lists.benign is 'its values are never a hit, whichever other list they stand on';
comment on column indicator_lists.shared_with is 'tenants that match against the list and may read it';
comment on column indicator_lists.generation is 'grows when the whole list must be swept again: it was switched on, prolonged, or made malicious';
comment on column indicator_lists.last_indicator is 'the highest id on it: a sweep that came so far has seen all';
create index indicator_lists_shared on indicator_lists using gin (shared_with);
comment on index indicator_lists_shared is 'lists of others that a tenant may read';

create table indicators (
  tenant_id int not null,
  id bigint generated always as identity,
  list_id bigint not null,
  kind indicator_kind not null,
  match indicator_match not null default 'exact',
  value text not null check (value <> ''),
  key bytea not null,
  term int,
  note text not null default '',
  tags text[] not null default '{}',
  valid_from timestamptz(3),
  valid_until timestamptz(3),
  origin jsonb not null default '{}',
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, list_id) references indicator_lists (tenant_id, id)
);
create unique index indicators_once on indicators (tenant_id, list_id, key) where deleted_at is null;
create index indicators_list on indicators (tenant_id, list_id, id);
create index indicators_term on indicators (tenant_id, term) where deleted_at is null;
create index indicators_patterns on indicators (tenant_id, list_id) where term is null and deleted_at is null;
comment on index indicators_once is 'a value stands on a list once';
comment on index indicators_list is 'indicators.values, and the next batch of a sweep';
comment on index indicators_term is 'which indicators a block may hold';
comment on index indicators_patterns is 'what is tried on each new block';
comment on column indicators.key is 'a hash of kind, match and folded value';
comment on column indicators.term is 'the hash under which an exact value is found in blocks (evidence/terms.ts); null for what must be tried';
comment on column indicators.origin is 'what the file that brought it said of it, for the way back';

create table indicator_hits (
  tenant_id int not null,
  id bigint generated always as identity,
  owner_tenant_id int not null,
  indicator_id bigint not null,
  host_id bigint not null,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  event_micros bigint not null,
  found_at timestamptz(3) not null default now(),
  acknowledged_at timestamptz(3),
  acknowledged_by text,
  case_id bigint,
  primary key (tenant_id, id),
  foreign key (owner_tenant_id, indicator_id) references indicators (tenant_id, id),
  foreign key (tenant_id, host_id) references hosts (tenant_id, id),
  foreign key (tenant_id, case_id) references cases (tenant_id, id)
);
create unique index indicator_hits_once on indicator_hits (tenant_id, indicator_id, collection_id, source_id, row_number);
create index indicator_hits_row on indicator_hits (tenant_id, collection_id, source_id, row_number);
create index indicator_hits_host on indicator_hits (tenant_id, host_id);
create index indicator_hits_indicator on indicator_hits (owner_tenant_id, indicator_id);
create index indicator_hits_open on indicator_hits (tenant_id, indicator_id) where acknowledged_at is null;
comment on index indicator_hits_once is 'a row that is matched again is the same hit';
comment on index indicator_hits_row is 'indicators.hitsOf';
comment on index indicator_hits_host is 'hits of a host';
comment on index indicator_hits_indicator is 'where an indicator was found';
comment on index indicator_hits_open is 'hits that nobody has acknowledged';
comment on table indicator_hits is 'A row in which an indicator stands, in the tenant of the row.';
comment on column indicator_hits.event_micros is 'when the row happened, in microseconds since 1970';

create table indicator_sweeps (
  tenant_id int not null references tenants,
  owner_tenant_id int not null,
  list_id bigint not null,
  generation int not null default 0,
  swept_to bigint not null default 0,
  error text,
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, owner_tenant_id, list_id),
  foreign key (owner_tenant_id, list_id) references indicator_lists (tenant_id, id)
);
create index indicator_sweeps_list on indicator_sweeps (owner_tenant_id, list_id);
comment on index indicator_sweeps_list is 'the sweeps of a list';
comment on table indicator_sweeps is 'How far a list has been looked for in the stored rows of a tenant: up to the indicator with this id.';

create table matched_blocks (
  one boolean primary key default true check (one),
  done_number bigint not null,
  next_number bigint not null,
  next_xid text not null
);
insert into matched_blocks (done_number, next_number, next_xid)
  select 0, 0, pg_snapshot_xmax(pg_current_snapshot())::text;
grant select, update on matched_blocks to ${roles.app};
comment on table matched_blocks is 'All rows in blocks numbered up to done_number were matched against the indicators. Up to next_number no block can arrive any more once every transaction before next_xid has ended.';
` +
        ['indicator_lists', 'indicators', 'indicator_hits', 'indicator_sweeps']
          .map((table) => tenantWall(roles, table))
          .join('') +
        `
create policy shared on indicator_lists for select to ${roles.app} using (current_tenant() = any (shared_with));
create policy shared on indicators for select to ${roles.app} using (exists (select from indicator_lists l
  where l.tenant_id = indicators.tenant_id and l.id = indicators.list_id and current_tenant() = any (l.shared_with)));
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop table matched_blocks, indicator_sweeps, indicator_hits, indicators, indicator_lists; drop type tlp, indicator_match, indicator_kind`,
    )
    .execute(db)
}
