import { Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useEffect } from 'react'
import { createPortal } from 'react-dom'
import { useKeys } from '../lib/keys.ts'
import { store } from '../lib/store.ts'
import { Act } from './Act.tsx'

interface Toast {
  text: string
  undo?: () => void
}

const shown = store<(Toast & { id: number }) | undefined>(undefined)
const seconds = 10
let last = 0

/** Says what was done, with a way back for 10 seconds (also Ctrl+Z). A later one takes the place of an earlier one. */
export function toast(message: Toast) {
  shown.set({ ...message, id: ++last })
}

export function Toaster() {
  const message = shown.use()
  const undo = () => {
    message?.undo?.()
    shown.set(undefined)
  }
  useKeys('Anywhere', message?.undo ? [{ keys: 'ctrl+z', label: 'Undo the last change', run: undo }] : [])
  useEffect(() => {
    if (!message) return
    const timer = setTimeout(() => shown.set(undefined), seconds * 1000)
    return () => clearTimeout(timer)
  }, [message])
  return createPortal(
    <output className="toasts">
      {message && (
        <div className="toast">
          <span>{message.text}</span>
          {message.undo && (
            <Button variant="subtle" onClick={undo}>
              Undo
            </Button>
          )}
          <Act label="Close" icon={<IconX size={14} />} onClick={() => shown.set(undefined)} />
        </div>
      )}
    </output>,
    document.getElementById('overlays')!,
  )
}
