export { openDatabase, type Database, type Db } from './database.ts'
export { migrateDown, migrateUp, migrationStatus } from './migrate.ts'
export { rolesOf, type Roles } from './roles.ts'
export type { DB } from './schema.ts'
