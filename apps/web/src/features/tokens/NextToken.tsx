import { Link } from '@tanstack/react-router'
import { useMay } from '../../lib/me.ts'

/** The next step where nothing has arrived yet: an admin makes a token, anybody else asks an admin for one. */
export const NextToken = () =>
  useMay('token:manage') ? (
    <Link className="link" to="/admin/tokens">
      Make the token that a sender needs
    </Link>
  ) : (
    <span className="t2">An admin makes the token that a sender needs.</span>
  )
