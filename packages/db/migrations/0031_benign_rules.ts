import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Rules that mark rows as benign: what they say may change, and each tenant's marks by one are an action that is undone as one. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
drop table benign_progress;

alter table benign_rules
  add column version int not null default 1,
  add column generation int not null default 1,
  add column updated_by text,
  add column updated_at timestamptz(3) not null default now();
comment on column benign_rules.generation is 'counts what it asks: marks of an earlier one go';

alter table triage_actions
  add column generation int,
  add column hit_at timestamptz(3),
  add column ruled_again boolean not null default false;
comment on column triage_actions.generation is 'of the rule, which query it was';
comment on column triage_actions.hit_at is 'when a rule marked a row the last time';
comment on column triage_actions.ruled_again is 'whether the rules were tried again on the rows that an undo gave back';

create unique index triage_actions_rule on triage_actions (rule_tenant_id, rule_id, tenant_id, generation)
  where kind = 'rule' and state not in ('undoing', 'undone');
comment on index triage_actions_rule is 'a rule marks by one action in each tenant';
create index triage_actions_undone on triage_actions (tenant_id, id) where state = 'undone' and not ruled_again;
comment on index triage_actions_undone is 'rows on which rules are to be tried again';
drop index triage_actions_open;
create index triage_actions_open on triage_actions (created_at) where state in ('queued', 'running', 'undoing');
comment on index triage_actions_open is 'what a process takes up next, of every tenant';

create table ruled_blocks (
  one boolean primary key default true check (one),
  done_number bigint not null,
  next_number bigint not null,
  next_xid text not null
);
insert into ruled_blocks (done_number, next_number, next_xid) select done_number, next_number, next_xid from matched_blocks;
grant select, update on ruled_blocks to ${roles.app};
comment on table ruled_blocks is 'The rules were tried on all rows in blocks numbered up to done_number. Up to next_number no block can arrive any more once every transaction before next_xid has ended.';

create table mark_versions (
  tenant_id int primary key references tenants,
  version uuid not null
);
comment on table mark_versions is 'Changes with the marks of a tenant, so that who has read them all knows whether they are the same.';

create function note_marks() returns trigger language plpgsql as $$
begin
  if current_tenant() is null then
    update mark_versions set version = gen_random_uuid();
  else
    insert into mark_versions values (current_tenant(), gen_random_uuid())
      on conflict (tenant_id) do update set version = excluded.version;
  end if;
  return null;
end $$;
create trigger marks_changed after insert or update or delete on row_marks for each statement execute function note_marks();
insert into mark_versions select distinct tenant_id, gen_random_uuid() from row_marks;
` + tenantWall(roles, 'mark_versions'),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
drop trigger marks_changed on row_marks;
drop function note_marks;
drop table mark_versions, ruled_blocks;
drop index triage_actions_rule, triage_actions_undone, triage_actions_open;
create index triage_actions_open on triage_actions (created_at) where state in ('queued', 'running', 'undoing') and kind <> 'rule';
comment on index triage_actions_open is 'what a process takes up next, of every tenant';
alter table triage_actions drop column generation, drop column hit_at, drop column ruled_again;
alter table benign_rules drop column version, drop column generation, drop column updated_by, drop column updated_at;
create table benign_progress (
  tenant_id int not null references tenants,
  rule_tenant_id int not null,
  rule_id bigint not null,
  action_id bigint not null,
  done_block bigint not null default 0,
  next_block bigint not null default 0,
  next_xid text not null default '0',
  next_at timestamptz(3) not null default now(),
  error text,
  primary key (tenant_id, rule_tenant_id, rule_id),
  foreign key (rule_tenant_id, rule_id) references benign_rules (tenant_id, id),
  foreign key (tenant_id, action_id) references triage_actions (tenant_id, id)
);
create index benign_progress_rule on benign_progress (rule_tenant_id, rule_id);
comment on index benign_progress_rule is 'in which tenants a rule was applied';
comment on table benign_progress is 'How far a rule was applied to a tenant: to all blocks up to done_block. Up to next_block none can arrive any more once every transaction before next_xid has ended and ids that were taken ahead are used.';
` + tenantWall(roles, 'benign_progress'),
    )
    .execute(db)
}
