import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create type case_status as enum ('open', 'investigating', 'closed');
create type case_severity as enum ('low', 'medium', 'high', 'critical');
create table cases (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  title text not null check (title <> ''),
  description text not null default '',
  status case_status not null default 'open',
  severity case_severity not null default 'medium',
  version int not null default 1,
  created_by bigint,
  updated_by bigint,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id),
  foreign key (tenant_id, updated_by) references users (tenant_id, id)
);
create index cases_updated on cases (tenant_id, updated_at, id);
comment on index cases_updated is 'cases.list, newest change first';

create table artifacts (
  tenant_id int not null,
  id bigint generated always as identity,
  case_id bigint not null,
  artifact_type text not null,
  value text not null check (value <> ''),
  description text not null default '',
  artifact_metadata jsonb not null default '{}',
  version int not null default 1,
  created_by bigint,
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, case_id) references cases (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id)
);
create unique index artifacts_value on artifacts (tenant_id, case_id, artifact_type, md5(value));
create index artifacts_seen on artifacts (tenant_id, md5(lower(value)), id);
comment on index artifacts_value is 'artifacts.create: a value stands once in a case; hashed, as a value may be longer than a btree entry';
comment on index artifacts_seen is 'other cases of the tenant that hold the same value';
` +
        tenantWall(roles, 'cases') +
        tenantWall(roles, 'artifacts'),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('drop table artifacts, cases; drop type case_severity; drop type case_status').execute(db)
}
