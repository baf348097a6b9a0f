import { Button, FileInput, Menu, Modal, Select, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { FileFormat } from '@velocicompanion/api/indicators/input'
import { useState } from 'react'
import { client, trpc } from '../../api.ts'
import { bytes, plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { IndicatorList } from './words.ts'

const formats: { value: FileFormat; label: string; ending: string }[] = [
  { value: 'text', label: 'Plain text', ending: 'txt' },
  { value: 'csv', label: 'CSV', ending: 'csv' },
  { value: 'stix', label: 'STIX 2.1', ending: 'stix.json' },
  { value: 'misp', label: 'MISP JSON', ending: 'misp.json' },
]

const guess = (name: string): FileFormat => {
  if (/\.csv$|\.tsv$/i.test(name)) return 'csv'
  if (/misp/i.test(name)) return 'misp'
  return /\.json$|\.stix$/i.test(name) ? 'stix' : 'text'
}

/** As many characters as the server takes at once. */
const mostBytes = 20_000_000

/** Brings a file's indicators onto the chosen list, or a new one. */
export function ImportDialog({ list, close }: { list: IndicatorList | undefined; close: () => void }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const [file, setFile] = useState<File | null>(null)
  const [format, setFormat] = useState<FileFormat>('text')
  const [name, setName] = useState('')
  const [columns, setColumns] = useState({ value: '', kind: '' })
  const send = useMutation({
    mutationFn: async () => {
      const text = await file!.text()
      const mapping = { value: columns.value, ...(columns.kind && { kind: columns.kind }) }
      return client.indicators.import.mutate({
        ...tenant,
        ...(list ? { id: list.id } : { name }),
        format,
        text,
        ...(format === 'csv' && columns.value && { mapping }),
      })
    },
    onSuccess: () => void utils.indicators.invalidate(),
  })
  const isLarge = file !== null && file.size > mostBytes
  const done = send.data
  return (
    <Modal opened onClose={close} title={list ? `Import into ${list.name}` : 'Import into a new list'}>
      <div className="col g12">
        {!done && (
          <>
            <FileInput
              label="File"
              placeholder="Choose a file"
              value={file}
              onChange={(chosen) => {
                setFile(chosen)
                if (chosen) setFormat(guess(chosen.name))
              }}
            />
            <Select
              label="Format"
              allowDeselect={false}
              data={formats.map(({ value, label }) => ({ value, label }))}
              value={format}
              onChange={(value) => setFormat(value as FileFormat)}
            />
            {format === 'csv' && (
              <>
                <TextInput
                  label="Column of the values (optional: value)"
                  value={columns.value}
                  onChange={(event) => setColumns({ ...columns, value: event.currentTarget.value })}
                />
                <TextInput
                  label="Column of their kinds (optional)"
                  value={columns.kind}
                  onChange={(event) => setColumns({ ...columns, kind: event.currentTarget.value })}
                />
              </>
            )}
            {!list && (
              <TextInput
                label="Name of the list"
                maxLength={200}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
            )}
            {isLarge && (
              <div className="note bad" role="alert">
                The file has {bytes(file.size)}, and an import takes {bytes(mostBytes)} at most. Nothing of it was read:
                split it, and import the parts into one list.
              </div>
            )}
            {send.error && (
              <div className="note bad" role="alert">
                {sentence(send.error)} Nothing was imported.
              </div>
            )}
            <Button
              disabled={!file || isLarge || (!list && name.trim() === '')}
              loading={send.isPending}
              onClick={() => send.mutate()}
            >
              Import
            </Button>
          </>
        )}
        {done && (
          <>
            <output>
              {plural(done.added, 'indicator')} added, {done.known} stood there already,{' '}
              {plural(done.othersTotal, 'part')} not understood{done.othersTotal > 0 && ' and kept in the list’s note'}.
            </output>
            {done.others.length > 0 && (
              <ul className="recognised">
                {done.others.map(({ at, text }) => (
                  <li key={`${at} ${text}`}>
                    {at}: <Mono value={text} />
                  </li>
                ))}
              </ul>
            )}
            <Button onClick={close}>Close</Button>
          </>
        )}
      </div>
    </Modal>
  )
}

/** Saves the chosen list as a file. */
export function ExportMenu({ list }: { list: IndicatorList }) {
  const tenant = useOneTenant()
  const save = useMutation({
    mutationFn: async ({ value, ending }: (typeof formats)[number]) => {
      const made = await client.indicators.export.query({ ...tenant, id: list.id, format: value })
      const url = URL.createObjectURL(new Blob([made.text]))
      const link = Object.assign(document.createElement('a'), { href: url, download: `${list.name}.${ending}` })
      link.click()
      setTimeout(() => URL.revokeObjectURL(url), 10_000)
      return made
    },
    onSuccess: ({ indicators, leftTotal }) =>
      toast({
        text: `${plural(indicators, 'indicator')} exported${leftTotal > 0 ? `; ${leftTotal} left out, which the format has no words for` : ''}.`,
      }),
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" loading={save.isPending}>
          Export…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format.value} onClick={() => save.mutate(format)}>
            {format.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
