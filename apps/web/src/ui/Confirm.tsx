import { Button, Modal, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { sentence } from '../lib/problem.ts'
import { store } from '../lib/store.ts'

interface Question {
  title: string
  body: ReactNode
  /** The verb on the button. */
  verb: string
  danger?: boolean
  /** What must be typed first, for what cannot be made good. */
  typed?: string
  run: () => Promise<unknown>
}

const asked = store<Question | undefined>(undefined)

/** Asks before what cannot be undone; everything else gets a toast with Undo instead. The dialog stays, busy, until `run` is done. */
export const confirm = (question: Question) => asked.set(question)

export function ConfirmHost() {
  const question = asked.use()
  return question ? <ConfirmDialog key={question.title} question={question} /> : null
}

function ConfirmDialog({ question }: { question: Question }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const [typed, setTyped] = useState('')
  const close = () => asked.set(undefined)
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await question.run()
      close()
    } catch (failure) {
      setError(sentence(failure))
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={() => !busy && close()} title={question.title}>
      <div className="col g12">
        <div className="t2">{question.body}</div>
        {question.typed && (
          <TextInput
            label={`Type ${question.typed}`}
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            data-autofocus
          />
        )}
        {error && (
          <div className="note bad" role="alert">
            {error}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close} disabled={busy} data-autofocus={question.typed ? undefined : true}>
            Cancel
          </Button>
          <Button
            loading={busy}
            disabled={question.typed !== undefined && typed !== question.typed}
            onClick={() => void run()}
            {...(question.danger && { className: 'dangerbutton' })}
          >
            {question.verb}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
