import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { plural } from '../../lib/format.ts'

interface DialogProps {
  rows: number
  say: (text: string, on: boolean) => void
  close: () => void
}

/** A tag for many rows, or off them. */
export function TagDialog({ rows, say, close }: DialogProps) {
  const [tag, setTag] = useState('')
  const done = (on: boolean) => {
    if (tag.trim() === '') return
    say(tag.trim(), on)
    close()
  }
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    done(true)
  }
  return (
    <Modal opened onClose={close} title={`Tag ${plural(rows, 'row')}`}>
      <form onSubmit={submit} className="col g12">
        <TextInput
          label="Tag"
          description="Found with tag: in a query."
          maxLength={60}
          data-autofocus
          value={tag}
          onChange={(event) => setTag(event.currentTarget.value)}
        />
        <div className="row g8" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" disabled={tag.trim() === ''} onClick={() => done(false)}>
            Take it off
          </Button>
          <Button type="submit" disabled={tag.trim() === ''}>
            Tag
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** One comment to many rows. */
export function CommentDialog({ rows, say, close }: DialogProps) {
  const [text, setText] = useState('')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (text.trim() === '') return
    say(text, true)
    close()
  }
  return (
    <Modal opened onClose={close} title={`Comment on ${plural(rows, 'row')}`}>
      <form onSubmit={submit} className="col g12">
        <Textarea
          label="Comment"
          description="@ and a user name tells that person."
          autosize
          minRows={3}
          maxLength={10_000}
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button type="submit" disabled={text.trim() === ''}>
            Comment
          </Button>
        </div>
      </form>
    </Modal>
  )
}
