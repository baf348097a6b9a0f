import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** What a delivery that came before costs: one look and one note, planned once a session. */
export async function up(db: Kysely<unknown>) {
  const { app } = await databaseRoles(db)
  await sql
    .raw(
      `
create function note_repeat(in_tenant int, in_rows_sha256 bytea, in_org text, in_token bigint, in_server bigint, in_kind text, in_host bigint,
  in_collection bigint, in_source int, in_first_row bigint, in_rows bigint, in_bytes bigint, in_sha256 bytea, in_address text, in_request_id text)
  returns bigint language plpgsql set search_path = pg_catalog, public as $$
begin
  perform from velociraptor_servers s where s.tenant_id = in_tenant and s.id = in_server and s.org_id = in_org;
  if not found then
    raise exception 'another org' using errcode = 'VC001';
  end if;
  perform from runs r where r.tenant_id = in_tenant and r.collection_id = in_collection and r.source_id = in_source
    and r.first_row = in_first_row and r.n = in_rows and r.sha256 = in_rows_sha256;
  if not found then
    return null;
  end if;
  insert into deliveries (tenant_id, token_id, server_id, kind, host_id, collection_id, source_id, first_row, rows, rows_known, bytes, sha256, address, request_id, completed_at)
    values (in_tenant, in_token, in_server, in_kind, in_host, in_collection, in_source,
      in_first_row, in_rows, in_rows, in_bytes, in_sha256, in_address, in_request_id, now());
  return (select count(distinct j.row_number) from rejected_rows j where j.tenant_id = in_tenant and j.collection_id = in_collection
    and j.source_id = in_source and j.row_number >= in_first_row and j.row_number < in_first_row + in_rows and j.resolved_at is null);
end $$;
comment on function note_repeat is 'Notes a delivery whose rows are stored as they are, and returns how many of its row numbers are set aside; null, and nothing noted, when they are not. Raises VC001 when the org is not the server''s.';
revoke all on function note_repeat from public;
grant execute on function note_repeat to ${app};
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql`drop function note_repeat`.execute(db)
}
