import { useTenantNames } from '../lib/tenant-names.ts'

/** For the column that lists show over all tenants. */
export const TenantName = ({ id }: { id: number }) => <>{useTenantNames().nameOf(id)}</>
