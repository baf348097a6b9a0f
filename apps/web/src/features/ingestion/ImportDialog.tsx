import { Button, FileInput, Modal, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { bytes } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { isCsv, usePreview, type Mapping } from './csv.ts'
import { CsvColumns } from './CsvColumns.tsx'
import { LockFields } from './LockFields.tsx'
import { upload } from './upload.ts'

export function ImportDialog({ close }: { close: () => void }) {
  const utils = trpc.useUtils()
  const { tenant } = useOneTenant()
  const [file, setFile] = useState<File | null>(null)
  const [fields, setFields] = useState({ hostname: '', password: '', private_key: '' })
  const [share, setShare] = useState(0)
  const [stop] = useState(() => new AbortController())
  useEffect(() => () => stop.abort(), [stop])
  const [chosen, choose] = useState<Mapping>()
  const preview = usePreview(file, fields.hostname, chosen)
  const columns = isCsv(file) ? preview.data : undefined
  const send = useMutation({
    mutationFn: (chosen: File) =>
      upload({
        file: chosen,
        fields: { ...fields, mapping: columns ? JSON.stringify(columns.mapping) : '' },
        tenant,
        onProgress: setShare,
        signal: stop.signal,
      }),
    onSuccess: (_id, { name }) => {
      void utils.ingestion.invalidate()
      toast({ text: `${name} is here. It is read now; this page says how it goes.` })
      close()
    },
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (file) send.mutate(file)
  }
  const set = (key: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget
    setFields((before) => ({ ...before, [key]: value }))
  }
  return (
    <Modal opened onClose={close} title="Import a file" size={columns ? 860 : 'md'}>
      <form className="col g12" onSubmit={submit}>
        <FileInput
          label="File"
          description="A zip of an offline collector, an export of a flow or a hunt, CSV or JSON"
          placeholder="Choose a file"
          required
          value={file}
          onChange={(next) => {
            setFile(next)
            choose(undefined)
          }}
        />
        <TextInput
          label="Host (optional)"
          description="For rows that name none; else the name of the file stands for it"
          maxLength={1000}
          value={fields.hostname}
          onChange={set('hostname')}
        />
        {columns && <CsvColumns preview={columns} change={choose} />}
        {isCsv(file) && preview.error && (
          <div className="note bad" role="alert">
            {sentence(preview.error)}
          </div>
        )}
        {!isCsv(file) && <LockFields fields={fields} set={set} />}
        {send.isPending && file && (
          <output className="t2">
            {bytes(Math.round(share * file.size))} of {bytes(file.size)} sent
          </output>
        )}
        {send.error && (
          <div className="note bad" role="alert">
            {send.error.message}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={send.isPending}
            disabled={!file || Boolean(columns?.refused) || (isCsv(file) && preview.isFetching)}
          >
            Import
          </Button>
        </div>
      </form>
    </Modal>
  )
}
