import { Button, Modal, Select } from '@mantine/core'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { sentence } from '../../lib/problem.ts'
import { duration, kindWords, type Sender } from './words.ts'

const choices = [
  { value: '', label: 'By its own rhythm' },
  { value: '15', label: 'After 15 minutes' },
  { value: '60', label: 'After an hour' },
  { value: '360', label: 'After 6 hours' },
  { value: '1440', label: 'After a day' },
  { value: '10080', label: 'After a week' },
  { value: '0', label: 'Never' },
]

/** After how long a silent sender is a notice on the home page. */
export function SilenceDialog({ sender, close }: { sender: Sender; close: () => void }) {
  const [value, setValue] = useState(String(sender.silentAfter ?? ''))
  const utils = trpc.useUtils()
  const watch = trpc.senders.watch.useMutation({
    onSuccess: async () => {
      await utils.senders.invalidate()
      close()
    },
  })
  const own = choices.some((choice) => choice.value === value)
    ? choices
    : [...choices, { value, label: `After ${duration(Number(value) * 60)}` }]
  const save = () =>
    watch.mutate({
      tenant: sender.tenantId,
      id: sender.tokenId,
      kind: sender.kind as 'feed',
      silentAfter: value === '' ? null : Number(value),
    })
  return (
    <Modal opened onClose={close} title={`When ${sender.token} is silent`} size={460}>
      <div className="col g12">
        <Select
          label="Say that it has stopped"
          description={`${kindWords[sender.kind!]}. Its rhythm: twice its longest usual pause, a quarter of an hour at least, once it was heard in 20 minutes.`}
          data={own}
          value={value}
          allowDeselect={false}
          onChange={(chosen) => setValue(chosen ?? '')}
        />
        {watch.error && (
          <div className="note bad" role="alert">
            {sentence(watch.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button loading={watch.isPending} onClick={save}>
            Save
          </Button>
        </div>
      </div>
    </Modal>
  )
}
