import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** Rows without numbers that their numbered copy stands in for: stored and listed, but in no answer and no count. */
export async function up(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `
alter table collection_sources add column rows_superseded bigint not null default 0;
comment on column collection_sources.rows_superseded is 'of rows_stored: rows that the numbered copy of the same source stands in for';
set local role ${evidence};
alter table runs add column superseded boolean not null default false;
alter table blocks add column superseded int not null default 0;
comment on column blocks.superseded is 'of n: rows of superseded runs; a search leaves them out';
reset role`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { evidence } = await databaseRoles(db)
  await sql
    .raw(
      `
alter table collection_sources drop column rows_superseded;
set local role ${evidence};
alter table runs drop column superseded;
alter table blocks drop column superseded;
reset role`,
    )
    .execute(db)
}
