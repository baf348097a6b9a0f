import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Files in chunks, what of them belongs to which collection, and imports of files. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table files (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  sha256 bytea,
  bytes bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id)
);
create unique index files_sha256 on files (tenant_id, sha256);
comment on index files_sha256 is 'GET /api/files/:sha256; the same bytes are kept once in a tenant';
comment on column files.sha256 is 'null while the bytes are under way';
create table file_chunks (
  tenant_id int not null,
  file_id bigint not null,
  n int not null,
  bytes bytea not null,
  primary key (tenant_id, file_id, n),
  foreign key (tenant_id, file_id) references files (tenant_id, id) on delete cascade
);
alter table file_chunks alter bytes set storage external;
comment on table file_chunks is 'Each chunk but the last has 1 MiB.';

create table collection_files (
  tenant_id int not null,
  collection_id bigint not null,
  id bigint generated always as identity,
  name text not null,
  file_id bigint not null,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, collection_id) references collections (tenant_id, id),
  foreign key (tenant_id, file_id) references files (tenant_id, id)
);
create unique index collection_files_name on collection_files (tenant_id, collection_id, md5(name), file_id);
create index collection_files_file on collection_files (tenant_id, file_id);
comment on index collection_files_name is 'an import that comes again keeps a file once; hashed, as a path may be longer than a btree entry';
comment on index collection_files_file is 'whether a file is still needed';
comment on column collection_files.name is 'the name in the container, as Velociraptor escaped it';

create type import_state as enum ('queued', 'running', 'done', 'failed');
create table imports (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  name text not null,
  file_id bigint,
  sha256 bytea not null,
  bytes bigint not null,
  state import_state not null default 'queued',
  options jsonb not null default '{}',
  secrets bytea,
  result jsonb not null default '{}',
  error text,
  server_id bigint,
  user_id bigint,
  token_id bigint,
  attempts int not null default 0,
  cancelled_by text,
  seen_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  ended_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, file_id) references files (tenant_id, id),
  foreign key (tenant_id, server_id) references velociraptor_servers (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, token_id) references api_tokens (tenant_id, id)
);
create index imports_open on imports (created_at) where state in ('queued', 'running');
create index imports_file on imports (tenant_id, file_id) where file_id is not null;
comment on index imports_open is 'what a process takes up next, of every tenant';
comment on index imports_file is 'whether a file is still needed';
comment on column imports.result is 'what went in so far: report.ts';
comment on column imports.file_id is 'null once the import has ended';
comment on column imports.secrets is 'password and private key, encrypted; null once the import has ended';
comment on column imports.seen_at is 'when the process that runs it said so last: another takes it over half a minute later';
` + ['files', 'file_chunks', 'collection_files', 'imports'].map((table) => tenantWall(roles, table)).join(''),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('drop table imports, collection_files, file_chunks, files; drop type import_state').execute(db)
}
