import { sql, type Kysely } from 'kysely'

/** What Velociraptor's list of flows says of a flow, and how often its rows were asked for again. */
export async function up(db: Kysely<unknown>) {
  await sql`
alter table collections add column listed_at timestamptz(3);
alter table collections add column asked_times int not null default 0;
alter table collections add column asked_rows bigint;
alter table collections add column asked_at timestamptz(3);
alter table collections add column rows_sent bigint;
alter table collections add column rows_sent_of bigint;
comment on column collections.rows_sent is 'how many rows the sender sent of rows_sent_of that the flow had then: artifacts that a site filters out never come';
comment on column collections.listed_at is 'when a list of flows named it last';
comment on column collections.asked_times is 'how often its rows were asked for again while the list said asked_rows; bounded'`.execute(
    db,
  )
}

export async function down(db: Kysely<unknown>) {
  await sql`alter table collections drop column listed_at, drop column asked_times, drop column asked_rows, drop column asked_at, drop column rows_sent, drop column rows_sent_of`.execute(
    db,
  )
}
