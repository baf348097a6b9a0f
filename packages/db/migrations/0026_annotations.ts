import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** What people write to a moment of a host, and which field of a source tells its rows' time where somebody said so. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table annotations (
  tenant_id int not null,
  id bigint generated always as identity,
  host_id bigint not null,
  at_micros bigint not null,
  at_nanos smallint not null default 0 check (at_nanos between 0 and 999),
  text text not null check (text <> ''),
  collection_id bigint,
  source_id int,
  row_number bigint,
  row_bytes int,
  row_sha256 bytea,
  field text,
  case_id bigint,
  version int not null default 1,
  created_by bigint,
  author text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, host_id) references hosts (tenant_id, id),
  foreign key (tenant_id, case_id) references cases (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id)
);
create index annotations_host on annotations (tenant_id, host_id, at_micros, id) where deleted_at is null;
comment on index annotations_host is 'timeline.annotations: those of a host in a range of time';
comment on table annotations is 'Notes on a moment of a host. One that was made from a row also knows its name, size and hash, so that it is found at the row that is delivered again under another name.';
comment on column annotations.at_micros is 'microseconds since 1970; at_nanos is the rest';
comment on column annotations.author is 'who wrote it, also where it is a person of another tenant';
${tenantWall(roles, 'annotations')}

alter table sources add column time_field text;
grant update (time_field) on sources to ${roles.app};
comment on column sources.time_field is 'the field that places rows on timelines, a JSON array of keys; null for the one that the rows themselves suggest';
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('alter table sources drop column time_field; drop table annotations').execute(db)
}
