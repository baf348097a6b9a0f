import { sql, type Kysely } from 'kysely'
import { databaseRoles } from '../src/roles.ts'

/** What a delivery writes beside its evidence, planned once a session instead of at each in_ */
export async function up(db: Kysely<unknown>) {
  const { app } = await databaseRoles(db)
  await sql
    .raw(
      `
create function open_rows(in_tenant int, in_delivery bigint, in_org text, in_token bigint, in_server bigint, in_kind text, in_host bigint, in_collection bigint,
  in_source int, in_first_row bigint, in_rows bigint, in_bytes bigint, in_sha256 bytea, in_address text, in_request_id text) returns void language plpgsql set search_path = pg_catalog, public as $$
declare
  came int8range := int8range(in_first_row, in_first_row + in_rows);
begin
  perform from velociraptor_servers s where s.tenant_id = in_tenant and s.id = in_server and s.org_id = in_org;
  if not found then
    raise exception 'another org' using errcode = 'VC001';
  end if;
  update collection_sources s set received = s.received + int8multirange(came), rows_stored = s.rows_stored + in_rows, updated_at = now()
    where s.tenant_id = in_tenant and s.collection_id = in_collection and s.source_id = in_source and not s.received && came;
  if not found then
    insert into collection_sources as s (tenant_id, collection_id, source_id, received, rows_stored)
      values (in_tenant, in_collection, in_source, int8multirange(came), in_rows)
      on conflict (tenant_id, collection_id, source_id) do update
      set received = s.received + excluded.received, rows_stored = s.rows_stored + excluded.rows_stored, updated_at = now()
      where not s.received && excluded.received;
    if not found then
      raise exception 'some of these rows are here' using errcode = 'VC002';
    end if;
  end if;
  -- Once a second is enough for a list by newest change, and spares the flow's other senders a wait.
  update collections c set updated_at = now() where c.tenant_id = in_tenant and c.id = in_collection and c.updated_at < now() - interval '1 second';
  insert into deliveries (tenant_id, id, token_id, server_id, kind, host_id, collection_id, source_id, first_row, rows, rows_stored, bytes, sha256, address, request_id, completed_at)
    overriding system value
    values (in_tenant, in_delivery, in_token, in_server, in_kind, in_host, in_collection, in_source,
      in_first_row, in_rows, in_rows, in_bytes, in_sha256, in_address, in_request_id, now());
end $$;
comment on function open_rows is 'Counts a delivery of new rows and notes it, before its evidence is copied. Raises VC001 when the org is not the server''s, VC002 when some of the rows are here.';
revoke all on function open_rows from public;
grant execute on function open_rows to ${app};
grant usage on sequence deliveries_id_seq to ${app};
`,
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  const { app } = await databaseRoles(db)
  await sql.raw(`drop function open_rows; revoke usage on sequence deliveries_id_seq from ${app}`).execute(db)
}
