import { IconExternalLink } from '@tabler/icons-react'

interface OpenProps {
  href: string | undefined
  /** For who hears the link alone. */
  what: string
  label?: string
}

/** A way to another program's screen, in a window that knows nothing of this one. Nothing without an address. */
export function OpenInVelociraptor({ href, what, label = 'Open in Velociraptor' }: OpenProps) {
  if (href === undefined) return null
  return (
    <a
      className="link nowrap"
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`${label}: ${what}`}
      title={href}
    >
      {label} <IconExternalLink size={14} aria-hidden style={{ verticalAlign: '-2px' }} />
    </a>
  )
}
