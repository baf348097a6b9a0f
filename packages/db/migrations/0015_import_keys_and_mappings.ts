import { sql, type Kysely } from 'kysely'
import { databaseRoles, tenantWall } from '../src/roles.ts'

/** Keys that open containers locked for a tenant, and what a person said that the columns of a CSV mean. */
export async function up(db: Kysely<unknown>) {
  const roles = await databaseRoles(db)
  await sql
    .raw(
      `
create table import_keys (
  tenant_id int not null references tenants,
  id bigint generated always as identity,
  name text not null,
  certificate text not null,
  fingerprint bytea not null,
  sealed bytea,
  created_by text not null,
  created_at timestamptz(3) not null default now(),
  removed_by text,
  removed_at timestamptz(3),
  primary key (tenant_id, id)
);
create unique index import_keys_fingerprint on import_keys (tenant_id, fingerprint) where sealed is not null;
comment on index import_keys_fingerprint is 'a key is kept once; one that was removed may come again';
comment on column import_keys.sealed is 'the private key, encrypted with the secret of the installation; null once removed';
comment on column import_keys.fingerprint is 'SHA-256 of the certificate';

create table import_mappings (
  tenant_id int not null references tenants,
  shape bytea not null,
  header text[] not null,
  mapping jsonb not null,
  changed_by text not null,
  changed_at timestamptz(3) not null default now(),
  primary key (tenant_id, shape)
);
comment on column import_mappings.shape is 'SHA-256 of the header';
comment on column import_mappings.mapping is 'which column says what: mapping.ts';
` + ['import_keys', 'import_mappings'].map((table) => tenantWall(roles, table)).join(''),
    )
    .execute(db)
}

export async function down(db: Kysely<unknown>) {
  await sql.raw('drop table import_mappings, import_keys').execute(db)
}
