import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Who sends, how regularly and how far behind; where a Velociraptor server's own screens are; what was tried again. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table senders (
  tenant_id int not null,
  token_id bigint not null,
  kind text not null,
  first_at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  taken_at timestamptz(3),
  minutes int not null default 1,
  requests bigint not null default 0,
  rows bigint not null default 0,
  rows_rejected bigint not null default 0,
  refused bigint not null default 0,
  refused_at timestamptz(3),
  refused_status int,
  refused_reason text,
  lag_ms bigint,
  lag_at timestamptz(3),
  usual_pause int not null default 0,
  silent_after int check (silent_after >= 0),
  primary key (tenant_id, token_id, kind),
  foreign key (tenant_id, token_id) references api_tokens (tenant_id, id)
);
comment on table senders is 'One row is one kind of sender with one token. Written every few seconds beside the deliveries, never within one: a crash loses some seconds of it, and no row.';
comment on column senders.taken_at is 'when a request of it was taken last; last_at counts refused ones too';
comment on column senders.minutes is 'in how many minutes it spoke: few, and nothing is known of its rhythm';
comment on column senders.usual_pause is 'its longest pause in seconds, which fades by half in a week of silence';
comment on column senders.silent_after is 'minutes of silence after which it has stopped, where somebody said so; 0 for never; null by its rhythm';
create table sender_minutes (
  tenant_id int not null,
  token_id bigint not null,
  kind text not null,
  at timestamptz(3) not null,
  requests int not null default 0,
  rows bigint not null default 0,
  rows_rejected bigint not null default 0,
  refused int not null default 0,
  primary key (tenant_id, token_id, kind, at),
  foreign key (tenant_id, token_id, kind) references senders (tenant_id, token_id, kind)
);
comment on table sender_minutes is 'What came in each minute of the last day.';
${tenantWall(roles, 'senders')}
${tenantWall(roles, 'sender_minutes')}

alter table velociraptor_servers add column gui_url text;
comment on column velociraptor_servers.gui_url is 'where people open Velociraptor itself, without a slash at its end';

create index deliveries_problems on deliveries (tenant_id, received_at, id) where rows_rejected > 0 or completed_at is null;
comment on index deliveries_problems is 'ingestion.deliveries, only those with problems';

alter table rejected_rows add column resolved_at timestamptz(3);
alter table rejected_rows add column resolved_by text;
alter table rejected_rows add column tried_at timestamptz(3);
alter table rejected_rows add column tries int not null default 0;
alter table rejected_rows add column tried_reason text;
grant update (resolved_at, resolved_by, tried_at, tries, tried_reason) on rejected_rows to ${roles.app};
create index rejected_rows_open on rejected_rows (tenant_id, id) where resolved_at is null;
comment on index rejected_rows_open is 'ingestion.rejected, those that are still set aside';
comment on column rejected_rows.resolved_at is 'when it was stored after all; the bytes stay here too';
comment on column rejected_rows.tried_reason is 'why the last try set it aside again; reason stays as it was';
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop index rejected_rows_open;
alter table rejected_rows drop column resolved_at, drop column resolved_by, drop column tried_at, drop column tries, drop column tried_reason;
drop index deliveries_problems;
alter table velociraptor_servers drop column gui_url;
drop table sender_minutes, senders`,
    )
    .execute(db)
}
