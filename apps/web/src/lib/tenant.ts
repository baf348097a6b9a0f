import { useNavigate, useSearch } from '@tanstack/react-router'

/** The tenant that a super-admin looks at; none: their own. */
export type TenantChoice = number | 'all' | undefined

/** The choice in the URL (`?tenant=`). */
export function useTenantChoice(): TenantChoice {
  return useSearch({ strict: false, select: (search) => (search as { tenant?: TenantChoice }).tenant })
}

/** To spread into the input of a read that may go over every tenant. */
export function useTenant(): { tenant?: number | 'all' } {
  const tenant = useTenantChoice()
  return tenant === undefined ? {} : { tenant }
}

/** To spread into the input of what works in one tenant only. Pages that need it use `OneTenant` against "all". */
export function useOneTenant(): { tenant?: number } {
  const tenant = useTenantChoice()
  return typeof tenant === 'number' ? { tenant } : {}
}

/** How often a page may look again by itself. A look into another tenant is audited, so only a person makes one. */
export function useLookAgain(milliseconds: number) {
  return useTenantChoice() === undefined ? milliseconds : (false as const)
}

export const useAllTenants = () => useTenantChoice() === 'all'

/** Goes to the same page in another tenant; ids of one tenant mean nothing in another, so detail pages go to their list. */
export function useSetTenant() {
  const navigate = useNavigate()
  return (tenant: TenantChoice) =>
    void navigate({
      to: `/${location.pathname.split('/')[1] ?? ''}` as '/',
      search: (tenant === undefined ? { tenant: undefined } : { tenant }) as never,
    })
}
