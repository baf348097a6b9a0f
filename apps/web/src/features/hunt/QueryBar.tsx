import { Button } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Editor, type EditorProps } from './Editor.tsx'

interface QueryBarProps extends EditorProps {
  /** Left of the query. */
  before?: ReactNode
  /** The time range. */
  times: ReactNode
}

export function QueryBar({ before, times, ...editor }: QueryBarProps) {
  return (
    <search className="qbar">
      {before}
      <Editor {...editor} />
      {times}
      <Button h={30} leftSection={<IconPlayerPlay size={14} />} onClick={editor.run}>
        Run
      </Button>
    </search>
  )
}
