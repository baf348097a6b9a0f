import { sql, type Kysely } from 'kysely'

/** Elastic, HEC and LogScale send rows without numbers: each source of their collections counts its own. */
export async function up(db: Kysely<unknown>) {
  await sql`
alter table collection_sources add column next_row bigint not null default 0;
comment on column collection_sources.next_row is 'collections of the kind unnumbered: the number of the next row that arrives'`.execute(
    db,
  )
}

export async function down(db: Kysely<unknown>) {
  await sql`alter table collection_sources drop column next_row`.execute(db)
}
