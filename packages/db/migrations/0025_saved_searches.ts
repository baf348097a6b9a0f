import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Searches that someone kept, where they stand on the home page, and what each user asked. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table saved_searches (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  owner_id bigint,
  shared boolean not null default false,
  name text not null check (name <> ''),
  description text not null default '',
  query text not null,
  -- As they are written: RFC3339, or relative to when it is run (now-7d).
  time_from text,
  time_to text,
  view text not null default 'rows',
  columns text[] not null default '{}',
  sort text,
  -- Numbers of the query's parts that are switched off.
  off int[] not null default '{}',
  version int not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, owner_id) references users (tenant_id, id),
  check (shared or owner_id is not null)
);
create index saved_searches_updated on saved_searches (tenant_id, updated_at, id);
comment on index saved_searches_updated is 'searches.list, newest change first';

create table search_pins (
  tenant_id int not null,
  user_id bigint not null,
  search_id bigint,
  starter int check (starter < 0),
  pinned_at timestamptz(3) not null default now(),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, search_id) references saved_searches (tenant_id, id),
  check (num_nonnulls(search_id, starter) = 1)
);
create unique index search_pins_once on search_pins (tenant_id, user_id, search_id, starter) nulls not distinct;
comment on index search_pins_once is 'searches.pin, and the pins of a user';
create index search_pins_search on search_pins (tenant_id, search_id);
comment on index search_pins_search is 'who has pinned a search';

create table asked_queries (
  tenant_id int not null,
  id bigint generated always as identity,
  user_id bigint not null,
  parent_id bigint,
  query text not null,
  time_from text,
  time_to text,
  -- What was searched, where that was not the user's own tenant.
  across text,
  rows bigint not null,
  rows_exact boolean not null,
  runs int not null default 1,
  note text not null default '',
  asked_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, parent_id) references asked_queries (tenant_id, id) on delete set null (parent_id)
);
create index asked_queries_user on asked_queries (tenant_id, user_id, asked_at, id);
comment on index asked_queries_user is 'searches.history, newest first, and which one makes room';
create index asked_queries_parent on asked_queries (tenant_id, parent_id);
comment on index asked_queries_parent is 'searches.remember: whether this was asked from there before';
` +
        tenantWall(roles, 'saved_searches') +
        tenantWall(roles, 'search_pins') +
        tenantWall(roles, 'asked_queries'),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('drop table asked_queries, search_pins, saved_searches').execute(db)
}
