import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create type user_role as enum ('viewer', 'user', 'admin', 'super_admin');
create table users (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  username text not null check (username <> ''),
  password_hash text,
  role user_role not null,
  is_active boolean not null default true,
  created_at timestamptz(3) not null default now(),
  password_changed_at timestamptz(3),
  primary key (tenant_id, id)
);
create unique index users_username on users (lower(username));
comment on index users_username is 'credential(): sign-in by name, whatever its case; names are global, as the tenant is not known before';
comment on column users.password_hash is 'null until the one-time link is used';

create table one_time_links (
  tenant_id int not null,
  id bigint generated always as identity,
  user_id bigint not null,
  code_hash bytea not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index one_time_links_code on one_time_links (code_hash);
comment on index one_time_links_code is 'credential(): a link is read before a tenant is known';

create table sessions (
  tenant_id int not null,
  id bigint generated always as identity,
  user_id bigint not null,
  token_hash bytea not null,
  previous_hash bytea,
  created_at timestamptz(3) not null default now(),
  rotated_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  ended_at timestamptz(3),
  address text not null,
  user_agent text not null default '',
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create unique index sessions_token on sessions (token_hash);
create unique index sessions_previous on sessions (previous_hash);
create index sessions_user on sessions (tenant_id, user_id, created_at);
comment on index sessions_token is 'credential(): refresh by the current token';
comment on index sessions_previous is 'credential(): a token that was rotated away is recognised, and its reuse ends the family';
comment on index sessions_user is 'ending all sessions of a user; addresses that a user is known from';
comment on table sessions is 'One row is one family of refresh tokens.';

create type token_scope as enum ('ingest', 'api');
create table velociraptor_servers (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  name text not null,
  org_id text not null,
  org_name text not null default '',
  created_at timestamptz(3) not null default now(),
  last_contact_at timestamptz(3),
  primary key (tenant_id, id),
  unique (tenant_id, name, org_id)
);
create table api_tokens (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  name text not null,
  scope token_scope not null,
  token_hash bytea not null,
  hint text not null,
  server_id bigint,
  created_by bigint not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, server_id) references velociraptor_servers (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id)
);
create unique index api_tokens_hash on api_tokens (token_hash);
comment on index api_tokens_hash is 'credential(): a token names its tenant, so it is read before one is known';
comment on column api_tokens.hint is 'the first characters, for people to tell tokens apart';

create table throttles (
  key text primary key,
  failures int not null,
  last_failure_at timestamptz(3) not null default now(),
  locked_until timestamptz(3)
);
comment on table throttles is 'Failed sign-ins by hashed account name and by address. Global by nature: a name may belong to nobody.';
grant select, insert, update, delete on throttles to ${roles.app};

create table audit_events (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  at timestamptz(3) not null default now(),
  actor_id bigint,
  actor text not null,
  action text not null,
  detail jsonb not null default '{}',
  address text,
  request_id text,
  primary key (tenant_id, id)
);
create index audit_events_action on audit_events (tenant_id, action, id);
comment on index audit_events_action is 'audit.list filtered by action';
comment on table audit_events is 'Append-only: app may insert and read. What belongs to no tenant stands in the default one, whose super-admins run the installation.';

create table errors (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  fingerprint text not null,
  message text not null,
  route text not null,
  stack text not null default '',
  count bigint not null default 1,
  first_seen timestamptz(3) not null default now(),
  last_seen timestamptz(3) not null default now(),
  request_id text,
  primary key (tenant_id, id),
  unique (tenant_id, fingerprint)
);
` +
        tenantWall(roles, 'users', 'select, insert, update') +
        ['one_time_links', 'sessions', 'velociraptor_servers', 'api_tokens', 'errors']
          .map((t) => tenantWall(roles, t))
          .join('') +
        tenantWall(roles, 'audit_events', 'select, insert') +
        `
create function credential(kind text, name text, hash bytea)
returns table (tenant_id int, user_id bigint, username text, role user_role, is_active boolean, password_hash text,
  record_id bigint, scope token_scope, server_id bigint, created_at timestamptz, expires_at timestamptz, ended_at timestamptz, rotated_at timestamptz, current boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.tenant_id, u.id, u.username, u.role, u.is_active, u.password_hash, null::bigint, null::token_scope, null::bigint, u.created_at, null::timestamptz, null::timestamptz, null::timestamptz, true
    from users u where kind = 'username' and lower(u.username) = lower(name)
  union all
  select u.tenant_id, u.id, u.username, u.role, u.is_active, null, s.id, null, null, s.created_at, s.expires_at, s.ended_at, s.rotated_at, s.token_hash = hash
    from sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
    where kind = 'session' and (s.token_hash = hash or s.previous_hash = hash)
  union all
  select t.tenant_id, u.id, u.username, u.role, u.is_active, null, t.id, t.scope, t.server_id, t.created_at, t.expires_at, t.revoked_at, t.last_used_at, true
    from api_tokens t join users u on u.tenant_id = t.tenant_id and u.id = t.created_by
    where kind = 'token' and t.token_hash = hash
  union all
  select l.tenant_id, u.id, u.username, u.role, u.is_active, null, l.id, null, null, l.created_at, l.expires_at, l.used_at, null, true
    from one_time_links l join users u on u.tenant_id = l.tenant_id and u.id = l.user_id
    where kind = 'link' and l.code_hash = hash
$$;
comment on function credential is 'The one look-up before a tenant is known. kind: username | session | token | link; name for the first, hash (a SHA-256) for the others.';
create function has_accounts() returns boolean language sql stable security definer set search_path = pg_catalog, public as
  $$ select exists (select 1 from users) $$;
create function default_tenant() returns int language sql stable security definer set search_path = pg_catalog, public as
  $$ select min(id) from tenants $$;
comment on function default_tenant() is 'The first tenant; null before the first account.';
`,
    )
    .execute(db)
  for (const f of ['credential(text, text, bytea)', 'has_accounts()', 'default_tenant()']) {
    await sql
      .raw(
        `revoke all on function ${f} from public; grant execute on function ${f} to ${roles.app}; grant create on schema public to ${roles.reader}; alter function ${f} owner to ${roles.reader}; revoke create on schema public from ${roles.reader}`,
      )
      .execute(db)
  }
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop function credential(text, text, bytea); drop function has_accounts(); drop function default_tenant();
drop table errors, audit_events, throttles, api_tokens, velociraptor_servers, sessions, one_time_links, users;
drop type token_scope; drop type user_role`,
    )
    .execute(db)
}
