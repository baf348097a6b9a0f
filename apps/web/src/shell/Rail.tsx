import { Link } from '@tanstack/react-router'
import { may } from '@velocicompanion/api/permissions'
import { useMe } from '../lib/me.ts'
import { Logo } from '../ui/Logo.tsx'
import { places, type Place } from './places.ts'

export function Rail() {
  const { role } = useMe()
  const mine = places.filter((place) => may(role, place.permission))
  return (
    <nav className="rail" aria-label="Main">
      <Link to="/" className="mark" aria-label="VelociCompanion, home">
        <Logo />
      </Link>
      <ul>
        {mine
          .filter((p) => !p.low)
          .map((place) => (
            <Item key={place.to} place={place} />
          ))}
      </ul>
      <ul className="low">
        {mine
          .filter((p) => p.low)
          .map((place) => (
            <Item key={place.to} place={place} />
          ))}
      </ul>
    </nav>
  )
}

function Item({ place: { to, label, icon: Icon, key } }: { place: Place }) {
  return (
    <li>
      <Link to={to} title={`${label} · G then ${key.toUpperCase()}`} activeOptions={{ exact: to === '/' }}>
        <Icon size={20} stroke={1.5} aria-hidden />
        {label}
      </Link>
    </li>
  )
}
