import { Button, Modal } from '@mantine/core'
import { Code } from '../../ui/Code.tsx'

export interface ShownLink {
  username: string
  /** Null: the person has a password already. */
  link: string | null
}

/** The link is in this dialog and nowhere else. */
export function LinkDialog({ link: { username, link }, close }: { link: ShownLink; close: () => void }) {
  if (!link) return null
  return (
    <Modal opened onClose={close} title={`Link for ${username}`} size={560} closeOnClickOutside={false}>
      <div className="col g12">
        <p className="t2">
          Give it to {username} over a way that you trust. It is shown once, works once, and ends after 48 hours.
        </p>
        <Code text={link} label="the link" />
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button onClick={close}>Done, hide it</Button>
        </div>
      </div>
    </Modal>
  )
}
