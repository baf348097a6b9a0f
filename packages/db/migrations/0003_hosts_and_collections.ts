import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table hosts (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  server_id bigint,
  client_id text,
  hostname text not null,
  fqdn text,
  os text,
  ip_address text,
  labels text[] not null default '{}',
  host_metadata jsonb not null default '{}',
  created_at timestamptz(3) not null default now(),
  last_seen timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, server_id) references velociraptor_servers (tenant_id, id)
);
create unique index hosts_client on hosts (tenant_id, server_id, client_id) nulls not distinct where client_id is not null;
create unique index hosts_hostname on hosts (tenant_id, lower(hostname)) where client_id is null;
create index hosts_last_seen on hosts (tenant_id, last_seen, id);
create index hosts_by_name on hosts (tenant_id, lower(hostname), id);
comment on index hosts_client is 'ingestion: a Velociraptor client is one host; an upsert needs it unique';
comment on index hosts_hostname is 'ingestion: a host without a client id is known by its name';
comment on index hosts_last_seen is 'hosts.list by last seen (default order)';
comment on index hosts_by_name is 'hosts.list by name; host: in searches';

create type collection_kind as enum ('flow', 'events', 'ingest', 'import', 'unnumbered');
create table collections (
  tenant_id int not null,
  id bigint generated always as identity,
  host_id bigint not null,
  kind collection_kind not null default 'flow',
  flow_id text not null,
  hunt_id text,
  hunt_description text,
  state text,
  artifacts text[] not null default '{}',
  creator text,
  started_at timestamptz(3),
  active_at timestamptz(3),
  rows_expected bigint,
  uploads_expected bigint,
  flow_record text,
  ended_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, host_id, flow_id, kind),
  foreign key (tenant_id, host_id) references hosts (tenant_id, id)
);
create index collections_flow on collections (tenant_id, flow_id);
create index collections_hunt on collections (tenant_id, hunt_id) where hunt_id is not null;
create index collections_updated on collections (tenant_id, updated_at, id);
comment on index collections_flow is 'GET /api/collections?flow_id=; flow ids repeat across the clients of a hunt';
comment on index collections_hunt is 'GET /api/collections?hunt_id=';
comment on index collections_updated is 'collections.list, newest first';
comment on column collections.kind is 'unnumbered: rows of the same flow from senders that give no row numbers; they have a number space of their own';
comment on column collections.ended_at is 'when the sender said that the flow is complete';

create type source_kind as enum ('rows', 'uploads', 'logs');
create table sources (
  tenant_id int not null references tenants,
  id int generated always as identity,
  name text not null,
  kind source_kind not null default 'rows',
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);
comment on table sources is 'Names of result sets: Artifact/Source. uploads and logs are sources of their own kind.';
create table fields (
  tenant_id int not null,
  source_id int not null,
  id int generated always as identity,
  path text not null,
  primary key (tenant_id, source_id, id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
);
create unique index fields_path on fields (tenant_id, source_id, md5(path));
comment on index fields_path is 'ingestion: a field of a source is learned once; hashed, as a path may be longer than a btree entry';
comment on column fields.path is 'a JSON array of keys, outermost first';
comment on table fields is 'Which fields a source has, in the order in which they were first seen. Field 0 is the event time and stands in no row here.';

create table collection_sources (
  tenant_id int not null,
  collection_id bigint not null,
  source_id int not null,
  rows_expected bigint,
  received int8multirange not null default '{}',
  rows_stored bigint not null default 0,
  rows_rejected bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, collection_id, source_id),
  foreign key (tenant_id, collection_id) references collections (tenant_id, id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
);
create index collection_sources_source on collection_sources (tenant_id, source_id, collection_id);
comment on index collection_sources_source is 'collections of one source';
comment on column collection_sources.received is 'row numbers received, also those set aside; its row lock is the only lock that two senders of one source share';

create table deliveries (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  received_at timestamptz(3) not null default now(),
  token_id bigint,
  server_id bigint,
  kind text not null,
  host_id bigint,
  collection_id bigint,
  source_id int,
  first_row bigint,
  rows bigint not null default 0,
  rows_stored bigint not null default 0,
  rows_known bigint not null default 0,
  rows_rejected bigint not null default 0,
  bytes bigint not null default 0,
  sha256 bytea not null,
  idempotency_key text,
  body bytea,
  address text,
  request_id text,
  completed_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, token_id) references api_tokens (tenant_id, id),
  foreign key (tenant_id, server_id) references velociraptor_servers (tenant_id, id),
  foreign key (tenant_id, host_id) references hosts (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections (tenant_id, id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
);
create index deliveries_received on deliveries (tenant_id, received_at, id);
create index deliveries_sha on deliveries (tenant_id, sha256, received_at);
create index deliveries_collection on deliveries (tenant_id, collection_id, id);
create unique index deliveries_idempotency on deliveries (tenant_id, idempotency_key) where idempotency_key is not null;
comment on index deliveries_received is 'ingestion.overview, newest first';
comment on index deliveries_sha is 'POST /api/ingestion/ingest: the same bytes within ten minutes are the same record';
comment on index deliveries_collection is 'what arrived for a collection';
comment on index deliveries_idempotency is 'POST /api/ingestion/ingest: a repeat of a key is the same record';
comment on column deliveries.body is 'zstd of the exact bytes, for kinds whose lines are no rows (intro, flow_end, reconcile)';
comment on column deliveries.completed_at is 'null: the body broke off or is under way';

create table rejected_rows (
  tenant_id int not null,
  id bigint generated always as identity,
  delivery_id bigint not null,
  collection_id bigint,
  source_id int,
  line_number bigint not null,
  row_number bigint,
  reason text not null,
  byte_length bigint not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, delivery_id) references deliveries (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections (tenant_id, id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
);
create index rejected_rows_delivery on rejected_rows (tenant_id, delivery_id, line_number);
create index rejected_rows_collection on rejected_rows (tenant_id, collection_id, source_id, row_number);
comment on index rejected_rows_delivery is 'a repeat of a delivery counts what it set aside before';
comment on index rejected_rows_collection is 'collections.get: rows set aside of a source';
create table rejected_parts (
  tenant_id int not null,
  rejected_id bigint not null,
  part int not null,
  bytes bytea not null,
  primary key (tenant_id, rejected_id, part),
  foreign key (tenant_id, rejected_id) references rejected_rows (tenant_id, id)
);
alter table rejected_parts alter bytes set storage external;
comment on table rejected_parts is 'The bytes of a row that was set aside, in parts of at most 1 MB.';
` +
        ['hosts', 'collections', 'sources', 'fields', 'collection_sources', 'deliveries']
          .map((t) => tenantWall(roles, t))
          .join('') +
        ['rejected_rows', 'rejected_parts'].map((t) => tenantWall(roles, t, 'select, insert')).join(''),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop table rejected_parts, rejected_rows, deliveries, collection_sources, fields, sources, collections, hosts;
drop type source_kind; drop type collection_kind`,
    )
    .execute(db)
}
