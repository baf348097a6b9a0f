import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** How each person likes to see things: columns of a source, density, keys. And why a case holds a row. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table preferences (
  tenant_id int not null,
  user_id bigint not null,
  key text not null check (length(key) between 1 and 300),
  value jsonb not null check (octet_length(value::text) <= 40000),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, user_id, key),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
comment on table preferences is 'Looks only, no evidence and no right hangs on them: so they are not audited.';
comment on column preferences.key is 'what it is about; a source is named by its hash, as senders name sources at any length';

alter table case_rows add column note text not null default '' check (length(note) <= 4000);
comment on column case_rows.note is 'what the person who added the row says about it';
` + tenantWall(roles, 'preferences'),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('alter table case_rows drop column note; drop table preferences').execute(db)
}
