import { ActionIcon, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'

interface ActProps {
  label: string
  icon: ReactNode
  onClick?: () => void
  kbd?: string
  size?: number
  disabled?: boolean
}

/** A quiet button that is only an icon; its label is the tooltip and its name. */
export function Act({ label, icon, onClick, kbd, size, disabled }: ActProps) {
  return (
    <Tooltip label={kbd ? `${label} · ${kbd}` : label}>
      <ActionIcon aria-label={label} disabled={disabled ?? false} onClick={onClick} {...(size && { size })}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}
