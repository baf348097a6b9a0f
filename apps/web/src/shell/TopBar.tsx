import { Link } from '@tanstack/react-router'
import { IconSearch } from '@tabler/icons-react'
import { Fragment } from 'react'
import { Bell } from '../features/notifications/Bell.tsx'
import { useAllTenants } from '../lib/tenant.ts'
import { crumbs, setCrumbSide } from '../ui/crumbs.ts'
import { Tag } from '../ui/Tag.tsx'
import { openPalette } from './panes.ts'
import { TenantSwitcher } from './TenantSwitcher.tsx'
import { UserMenu } from './UserMenu.tsx'

export function TopBar() {
  const audited = useAllTenants()
  return (
    <header className="topbar">
      <TenantSwitcher />
      {audited && <Tag>Audited</Tag>}
      <Crumbs />
      <div className="crumbside" ref={setCrumbSide} />
      <span className="grow" />
      <button type="button" className="palettebtn" onClick={openPalette}>
        <IconSearch size={15} aria-hidden />
        <span className="grow" style={{ textAlign: 'left' }}>
          Search or jump to…
        </span>
        <kbd>Ctrl</kbd>
        <kbd>K</kbd>
      </button>
      <Bell />
      <UserMenu />
    </header>
  )
}

function Crumbs() {
  const trail = crumbs.use()
  return (
    <nav className="crumbs" aria-label="Where you are">
      {trail.map(({ label, to }, i) => (
        <Fragment key={i}>
          <span className="sep" aria-hidden>
            /
          </span>
          {to ? (
            <Link to={to} className="plainlink trunc">
              {label}
            </Link>
          ) : (
            <b className="trunc" aria-current="page">
              {label}
            </b>
          )}
        </Fragment>
      ))}
    </nav>
  )
}
