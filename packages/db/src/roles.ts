import { sql, type Kysely } from 'kysely'

/** Quoted names of the three roles without login; they carry the database's name, so that two databases on one server do not collide. */
export interface Roles {
  /** Everything, under row-level security. */
  app: string
  /** Owns the evidence tables, so policies do not bind it there: COPY and the look-up functions run as it. */
  evidence: string
  /** SELECT in every tenant: the super-admin's view across tenants. */
  reader: string
}

export const rolesOf = (database: string): Roles => {
  const named = (role: string) => `"${`${database}_${role}`.replaceAll('"', '""')}"`
  return { app: named('app'), evidence: named('evidence'), reader: named('reader') }
}

export async function databaseRoles(db: Kysely<unknown>): Promise<Roles> {
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db)
  return rolesOf(rows[0]!.name)
}

/**
 * Puts a table behind its tenant's wall: `app` sees one tenant, `reader` reads all.
 * `rights` are what `app` may do with it.
 */
export const tenantWall = ({ app, reader }: Roles, table: string, rights = 'select, insert, update, delete') => `
alter table ${table} enable row level security;
create policy tenant on ${table} to ${app} using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy every on ${table} for select to ${reader} using (true);
grant ${rights} on ${table} to ${app};
grant select on ${table} to ${reader};
`
