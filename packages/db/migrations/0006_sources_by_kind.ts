import { sql, type Kysely } from 'kysely'

/** A Velociraptor artifact may be called `uploads` or `logs`; its rows are not what the flow uploaded or logged. */
export async function up(db: Kysely<unknown>) {
  await sql`
alter table sources drop constraint sources_tenant_id_name_key;
create unique index sources_name on sources (tenant_id, name, kind);
comment on index sources_name is 'ingestion: a source is made once; source: in searches';
comment on table sources is 'Names of result sets: Artifact/Source. uploads and logs of a flow are sources of their own kind.'`.execute(
    db,
  )
}

/** Where two kinds share a name, what is not rows gets its kind behind it: nothing is lost. */
export async function down(db: Kysely<unknown>) {
  await sql`
update sources s set name = s.name || ' (' || s.kind || ')'
where s.kind <> 'rows' and exists (select from sources o where o.tenant_id = s.tenant_id and o.name = s.name and o.id <> s.id);
drop index sources_name;
alter table sources add constraint sources_tenant_id_name_key unique (tenant_id, name)`.execute(db)
}
