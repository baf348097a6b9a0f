import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** What benign lists take out, and when it must be looked for again because they changed or ended. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
alter table indicator_lists add benign_changes int not null default 0, add ever_shared_with int[] not null default '{}';
update indicator_lists set ever_shared_with = shared_with, benign_changes = case when benign then 1 else 0 end;
comment on column indicator_lists.benign_changes is 'how often what it takes out of other lists has changed; 0 for one that never was benign';
comment on column indicator_lists.ever_shared_with is 'whom it may have taken something out of';
create index indicator_lists_benign on indicator_lists (tenant_id) where benign_changes > 0;
comment on index indicator_lists_benign is 'the benign lists, of which each run of the matching asks';
create index indicators_dated on indicators (tenant_id, list_id) where (valid_from is not null or valid_until is not null) and deleted_at is null;
comment on index indicators_dated is 'how many values of a benign list have begun or ended';

alter table indicator_sweeps add benign_epoch bigint not null default 0;
comment on column indicator_sweeps.benign_epoch is 'the state of the benign lists for which it was swept';

create table hushed_indicators (
  tenant_id int not null references tenants,
  owner_tenant_id int not null,
  indicator_id bigint not null,
  primary key (tenant_id, owner_tenant_id, indicator_id),
  foreign key (owner_tenant_id, indicator_id) references indicators (tenant_id, id)
);
create index hushed_indicators_indicator on hushed_indicators (owner_tenant_id, indicator_id);
comment on index hushed_indicators_indicator is 'in which tenants an indicator counts for nothing';
comment on table hushed_indicators is 'Indicators that are no hit in a tenant, as their value stands on one of its benign lists.';

create table benign_epochs (
  tenant_id int primary key references tenants,
  epoch bigint not null
);
comment on table benign_epochs is 'The state of the benign lists for which a tenant''s hushed_indicators hold.';
${tenantWall(roles, 'hushed_indicators')}${tenantWall(roles, 'benign_epochs')}`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql
    .raw(
      `drop table benign_epochs, hushed_indicators;
alter table indicator_sweeps drop benign_epoch;
drop index indicators_dated, indicator_lists_benign;
alter table indicator_lists drop benign_changes, drop ever_shared_with`,
    )
    .execute(db)
}
