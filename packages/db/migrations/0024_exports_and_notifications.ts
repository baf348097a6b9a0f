import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** What a person is told by the bell, and files of rows that were asked for. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table notifications (
  tenant_id int not null,
  id bigint generated always as identity,
  user_id bigint not null,
  kind text not null,
  words text not null,
  link text check (link ~ '^/([^/]|$)'),
  created_at timestamptz(3) not null default now(),
  read_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index notifications_of on notifications (tenant_id, user_id, id);
create index notifications_unread on notifications (tenant_id, user_id) where read_at is null;
create index notifications_old on notifications (created_at);
comment on index notifications_of is 'notifications.list';
comment on index notifications_unread is 'notifications.unread, and readAll';
comment on index notifications_old is 'what is removed after 90 days, of every tenant';
comment on column notifications.link is 'a place in this web, from its first slash';

create type export_format as enum ('csv', 'jsonl', 'parquet');
create type export_state as enum ('queued', 'running', 'done', 'failed', 'cancelled', 'expired');
create table exports (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  user_id bigint not null,
  of_tenant int references tenants,
  query text not null,
  from_time text,
  to_time text,
  format export_format not null,
  columns text[],
  state export_state not null default 'queued',
  file_id bigint,
  sha256 bytea,
  rows bigint not null default 0,
  bytes bigint not null default 0,
  blocks int,
  blocks_done int not null default 0,
  notes jsonb not null default '{}',
  error text,
  attempts int not null default 0,
  seen_at timestamptz(3),
  as_of timestamptz(3),
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  expires_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, file_id) references files (tenant_id, id)
);
create index exports_of on exports (tenant_id, user_id, id);
create index exports_open on exports (created_at) where state in ('queued', 'running');
create index exports_file on exports (tenant_id, file_id) where file_id is not null;
create index exports_ended on exports (expires_at) where state = 'done';
comment on index exports_of is 'exports.list';
comment on index exports_open is 'what a process takes up next, of every tenant';
comment on index exports_file is 'whether a file is still needed';
comment on index exports_ended is 'whose file goes next, of every tenant';
comment on table exports is 'Each stands in the tenant of who asked, and only they see it.';
comment on column exports.of_tenant is 'whose rows: null for those of every tenant';
comment on column exports.columns is 'null for every field';
comment on column exports.file_id is 'what is written so far; null before it begins and after it expired. Its own sha256 stays null: a file of rows is none that was collected';
comment on column exports.bytes is 'so many can be read';
comment on column exports.notes is 'cells and rows that do not stand there as they were sent: rules.ts';
comment on column exports.seen_at is 'when the process that writes it said so last: another begins again some seconds later';
comment on column exports.as_of is 'it holds the rows that were stored at this moment';
` + ['notifications', 'exports'].map((table) => tenantWall(roles, table)).join(''),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('drop table exports, notifications; drop type export_state, export_format').execute(db)
}
