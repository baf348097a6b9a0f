import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** What a team makes of rows: marks, tags and comments, who gave them, and rules by which rows are benign. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create type row_mark as enum ('seen', 'benign', 'suspicious', 'malicious');
create type triage_kind as enum ('mark', 'tag', 'untag', 'rule');
create type triage_state as enum ('queued', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone');

create table benign_rules (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  query text not null,
  reason text not null check (reason <> ''),
  everywhere boolean not null default false,
  expires_at timestamptz(3),
  created_by bigint,
  author text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  ended_by text,
  primary key (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id)
);
create index benign_rules_open on benign_rules (id) where ended_at is null;
comment on index benign_rules_open is 'rules to apply, of every tenant';
comment on table benign_rules is 'Queries whose rows are benign, from now on and among those that are stored.';
comment on column benign_rules.everywhere is 'it holds for the rows of every tenant, which may all read it';

create table triage_actions (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  kind triage_kind not null,
  mark row_mark,
  tag text check (tag <> ''),
  rule_tenant_id int,
  rule_id bigint,
  query text,
  from_time text,
  to_time text,
  state triage_state not null default 'done',
  rows bigint not null default 0,
  blocks int,
  blocks_done int not null default 0,
  attempts int not null default 0,
  seen_at timestamptz(3),
  error text,
  created_by bigint,
  author text not null,
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  undone_by text,
  undone_at timestamptz(3),
  kept bigint not null default 0,
  primary key (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id),
  foreign key (rule_tenant_id, rule_id) references benign_rules (tenant_id, id)
);
create index triage_actions_open on triage_actions (created_at) where state in ('queued', 'running', 'undoing') and kind <> 'rule';
comment on index triage_actions_open is 'what a process takes up next, of every tenant';
comment on table triage_actions is 'One thing that somebody did to one row or many, and that is undone as one.';
comment on column triage_actions.mark is 'null for unseen';
comment on column triage_actions.query is 'the rows it is about, where they are not named one by one';
comment on column triage_actions.kept is 'rows that an undo left, as somebody changed them since';

create table triage_changes (
  tenant_id int not null,
  action_id bigint not null,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  before row_mark,
  before_action bigint,
  at timestamptz(3) not null default now(),
  undone boolean,
  primary key (tenant_id, action_id, collection_id, source_id, row_number),
  foreign key (tenant_id, action_id) references triage_actions (tenant_id, id)
);
create index triage_changes_row on triage_changes (tenant_id, collection_id, source_id, row_number);
comment on index triage_changes_row is 'triage.history, and what retention removes';
comment on column triage_changes.undone is 'false where somebody changed the row before it could be undone';

create table row_marks (
  tenant_id int not null,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  mark row_mark,
  action_id bigint not null,
  primary key (tenant_id, collection_id, source_id, row_number),
  foreign key (tenant_id, action_id) references triage_actions (tenant_id, id)
);
create index row_marks_by_mark on row_marks (tenant_id, mark, collection_id, source_id, row_number) where mark is not null;
create index row_marks_action on row_marks (tenant_id, action_id);
comment on index row_marks_by_mark is 'the rows of mark: in a query';
comment on index row_marks_action is 'what an undo gives back';
comment on table row_marks is 'By the name of the row, so that a delivery that comes again changes nothing. Null: somebody said unseen.';

create table row_tags (
  tenant_id int not null,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  tag text not null check (tag <> ''),
  action_id bigint not null,
  primary key (tenant_id, collection_id, source_id, row_number, tag),
  foreign key (tenant_id, action_id) references triage_actions (tenant_id, id)
);
create index row_tags_by_tag on row_tags (tenant_id, tag, collection_id, source_id, row_number);
comment on index row_tags_by_tag is 'the rows of tag: in a query';

create table row_comments (
  tenant_id int not null,
  id bigint generated always as identity,
  collection_id bigint not null,
  source_id int not null,
  row_number bigint not null,
  text text not null check (text <> ''),
  created_by bigint,
  author text not null,
  created_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id)
);
create index row_comments_row on row_comments (tenant_id, collection_id, source_id, row_number, id) where deleted_at is null;
comment on index row_comments_row is 'triage.comments and triage.marksOf';

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
` +
        ['benign_rules', 'triage_actions', 'triage_changes', 'row_marks', 'row_tags', 'row_comments', 'benign_progress']
          .map((table) => tenantWall(roles, table))
          .join('') +
        `
create policy everywhere on benign_rules for select to ${roles.app} using (everywhere and current_tenant() is not null);
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop table benign_progress, row_comments, row_tags, row_marks, triage_changes, triage_actions, benign_rules;
drop type triage_state, triage_kind, row_mark`,
    )
    .execute(db)
}
