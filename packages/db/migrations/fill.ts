import type { Client } from 'pg'
import type { Roles } from '../src/roles.ts'

/** One row in every table, written as the roles write them. */
export async function fill(client: Client, { app, evidence }: Roles) {
  await client.query(`
begin; set local role ${app}; set local app.tenant_id = '1';
insert into tenants (id, name) values (1, 'One');
insert into users (tenant_id, username, role) values (1, 'ada', 'super_admin');
insert into one_time_links (tenant_id, user_id, code_hash, expires_at) select 1, id, 'x', now() from users;
insert into sessions (tenant_id, user_id, token_hash, expires_at, address) select 1, id, 'x', now(), '127.0.0.1' from users;
insert into preferences (tenant_id, user_id, key, value) select 1, id, 'density', '"compact"' from users;
insert into velociraptor_servers (tenant_id, name, org_id) values (1, 'main', 'root');
insert into api_tokens (tenant_id, name, scope, token_hash, hint, created_by) select 1, 't', 'ingest', 'x', 'vct_', id from users;
insert into senders (tenant_id, token_id, kind, first_at, last_at) select 1, id, 'feed', now(), now() from api_tokens;
insert into sender_minutes (tenant_id, token_id, kind, at) select 1, token_id, kind, now() from senders;
insert into throttles (key, failures) values ('k', 1);
insert into audit_events (tenant_id, actor, action) values (1, 'ada', 'test');
insert into errors (tenant_id, fingerprint, message, route) values (1, 'f', 'm', '/');
insert into hosts (tenant_id, hostname) values (1, 'web');
insert into collections (tenant_id, host_id, flow_id) select 1, id, 'F.1' from hosts;
insert into sources (tenant_id, name) values (1, 'A/B');
insert into fields (tenant_id, source_id, path) select 1, id, '["Name"]' from sources;
insert into collection_sources (tenant_id, collection_id, source_id) select 1, c.id, s.id from collections c, sources s;
insert into deliveries (tenant_id, kind, sha256) values (1, 'batch', 'x');
insert into rejected_rows (tenant_id, delivery_id, line_number, reason, byte_length) select 1, id, 1, 'not JSON', 1 from deliveries;
insert into rejected_parts (tenant_id, rejected_id, part, bytes) select 1, id, 0, 'x' from rejected_rows;
insert into cases (tenant_id, title) values (1, 'c');
insert into artifacts (tenant_id, case_id, artifact_type, value) select 1, id, 'ip', '192.0.2.1' from cases;
insert into annotations (tenant_id, host_id, at_micros, text, author) select 1, id, 1, 'seen', 'ada' from hosts;
insert into files (tenant_id, sha256, bytes) values (1, 'x', 1);
insert into file_chunks (tenant_id, file_id, n, bytes) select 1, id, 0, 'x' from files;
insert into collection_files (tenant_id, collection_id, name, file_id) select 1, c.id, 'uploads/x', f.id from collections c, files f;
insert into import_keys (tenant_id, name, certificate, fingerprint, sealed, created_by) values (1, 'k', 'c', sha256('c'), 's', 'ada');
insert into import_mappings (tenant_id, shape, header, mapping, changed_by) values (1, sha256('h'), '{h}', '{}', 'ada');
insert into imports (tenant_id, name, file_id, sha256, bytes) select 1, 'x.zip', id, 'x', 1 from files;
insert into notifications (tenant_id, user_id, kind, words, link) select 1, id, 'export', 'w', '/exports' from users where tenant_id = 1;
insert into exports (tenant_id, user_id, of_tenant, query, format, file_id) select 1, u.id, 1, '', 'csv', f.id from users u, files f where u.tenant_id = 1;
insert into reindex_runs (until_number) values (1);
insert into damaged_blocks (tenant_id, block_id, source_id, rows, reason) select 1, 1, id, 1, 'x' from sources;
insert into retention_runs (tenant_id, days, cutoff) values (1, 30, now());
insert into case_rows (tenant_id, case_id, collection_id, source_id, row_number) select 1, c.id, s.collection_id, s.source_id, 0 from cases c, collection_sources s;
insert into saved_searches (tenant_id, owner_id, name, query) select 1, id, 's', '' from users;
insert into search_pins (tenant_id, user_id, search_id) select 1, owner_id, id from saved_searches;
insert into asked_queries (tenant_id, user_id, query, rows, rows_exact) select 1, id, '', 0, true from users;
insert into indicator_lists (tenant_id, name) values (1, 'l');
insert into indicators (tenant_id, list_id, kind, value, key) select 1, id, 'ip', '192.0.2.1', 'x' from indicator_lists;
insert into indicator_hits (tenant_id, owner_tenant_id, indicator_id, host_id, collection_id, source_id, row_number, event_micros)
  select 1, 1, i.id, h.id, s.collection_id, s.source_id, 0, 0 from indicators i, hosts h, collection_sources s;
insert into indicator_sweeps (tenant_id, owner_tenant_id, list_id) select 1, 1, id from indicator_lists;
insert into hushed_indicators select 1, 1, id from indicators;
insert into benign_epochs values (1, 1);
insert into benign_rules (tenant_id, query, reason, author) values (1, 'a', 'known', 'ada');
insert into triage_actions (tenant_id, kind, mark, author) values (1, 'mark', 'seen', 'ada');
insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number) select 1, a.id, s.collection_id, s.source_id, 0 from triage_actions a, collection_sources s;
insert into row_marks (tenant_id, collection_id, source_id, row_number, mark, action_id) select 1, s.collection_id, s.source_id, 0, 'seen', a.id from triage_actions a, collection_sources s;
insert into row_tags (tenant_id, collection_id, source_id, row_number, tag, action_id) select 1, s.collection_id, s.source_id, 0, 't', a.id from triage_actions a, collection_sources s;
insert into row_comments (tenant_id, collection_id, source_id, row_number, text, author) select 1, collection_id, source_id, 0, 'c', 'ada' from collection_sources;
create temp table ids on commit drop as select c.collection_id, c.source_id, h.id as host_id, d.id as delivery_id from collection_sources c, hosts h, deliveries d;
grant select on ids to ${evidence};
set local role ${evidence};
insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, terms)
  select 1, next_block_id(now()), source_id, array[host_id], 1, 0, 0, 2, 'x', '{0,1}', '{1}' from ids;
insert into block_columns (tenant_id, source_id, field_id, block_id, chunk) select 1, source_id, 0, block_id, 'x' from blocks;
insert into runs (tenant_id, collection_id, source_id, first_row, n, block_id, block_row, host_id, delivery_id, sha256)
  select 1, collection_id, source_id, 0, 1, 1, 0, host_id, delivery_id, 'x' from ids;
commit`)
}
