import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Blocks are made anew from their exact lines: how far that has come, and which ones do not hold what was stored. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table reindex_runs (
  id bigint generated always as identity primary key,
  until_number bigint not null,
  blocks bigint not null default 0,
  rows bigint not null default 0,
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create unique index reindex_runs_open on reindex_runs ((true)) where ended_at is null;
comment on index reindex_runs_open is 'one run at a time: one that was cut is gone on with';
comment on table reindex_runs is 'Runs that make the blocks of every tenant anew. A block made anew has a new id: what is numbered up to until_number is still to do. The counts grow with each block.';
grant select, insert, update on reindex_runs to ${roles.app};

create table damaged_blocks (
  tenant_id int not null references tenants,
  block_id bigint not null,
  source_id int not null,
  rows int not null,
  reason text not null,
  found_at timestamptz(3) not null default now(),
  primary key (tenant_id, block_id),
  foreign key (tenant_id, source_id) references sources (tenant_id, id)
);
comment on table damaged_blocks is 'Blocks whose exact lines are not those that were stored: left as they are.';
` +
        tenantWall(roles, 'damaged_blocks') +
        `
set local role ${roles.evidence};
create index blocks_without_parts on blocks (tenant_id, block_id) where text is null or grams is null or capped_fields is null;
create index blocks_small on blocks (tenant_id, source_id, received_at) where n < 500;
comment on index blocks_without_parts is 'blocks that lack a part, as they were stored before there was one';
comment on index blocks_small is 'which blocks are worth joining';
reset role;
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `
set local role ${evidence};
drop index blocks_without_parts, blocks_small;
reset role;
drop table damaged_blocks, reindex_runs;`,
    )
    .execute(db)
}
