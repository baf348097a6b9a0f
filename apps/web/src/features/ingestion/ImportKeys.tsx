import { Button, Modal, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Code } from '../../ui/Code.tsx'
import { confirm } from '../../ui/Confirm.tsx'
import { Dot } from '../../ui/Dot.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Time } from '../../ui/Time.tsx'

type Key = Outputs['ingestion']['keys'][number]

/** Keys that open what collectors lock for this tenant: their certificates are to be copied, the keys themselves stay here. */
export function ImportKeys({ close }: { close: () => void }) {
  const keys = trpc.ingestion.keys.useQuery(useOneTenant())
  const manages = useMay('token:manage')
  const [adding, setAdding] = useState<'make' | 'bring'>()
  return (
    <Modal opened onClose={close} title="Keys for locked collections" size={680}>
      <div className="col g12">
        <div className="t2">
          An offline collector that gets a certificate (encryption X509) locks its zip so that only this tenant opens
          it. A new key does not close what older ones open.
        </div>
        <Loaded query={keys}>
          {(rows) => (
            <>
              {rows.length === 0 && <div className="t3">No key yet.</div>}
              {rows.map((key) => (
                <KeyPart key={key.id} row={key} newest={key.id === rows.find(isOpen)?.id} manages={manages} />
              ))}
            </>
          )}
        </Loaded>
        {manages && !adding && (
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button variant="default" onClick={() => setAdding('bring')}>
              Bring a key…
            </Button>
            <Button onClick={() => setAdding('make')}>Make a key…</Button>
          </div>
        )}
        {adding && <NewKey brings={adding === 'bring'} close={() => setAdding(undefined)} />}
      </div>
    </Modal>
  )
}

const isOpen = ({ removedAt }: Key) => removedAt === null

function KeyPart({ row, newest, manages }: { row: Key; newest: boolean; manages: boolean }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const remove = trpc.ingestion.removeKey.useMutation({ onSuccess: () => utils.ingestion.keys.invalidate() })
  const ask = () =>
    confirm({
      title: `Remove the key ${row.name}?`,
      body: 'What collectors locked for it can never be opened here again. This cannot be undone.',
      verb: 'Remove the key',
      danger: true,
      run: () => remove.mutateAsync({ ...tenant, id: row.id }),
    })
  return (
    <section className="col" aria-label={`Key ${row.name}`}>
      <div className="row">
        <Dot tone={isOpen(row) ? (newest ? 'ok' : 'hollow') : 'bad'}>
          <b className="b">{row.name}</b>
        </Dot>
        <span className="meta grow">
          {isOpen(row) ? (newest ? 'for new collectors' : 'opens older zips') : `removed by ${row.removedBy}`} · made by{' '}
          {row.createdBy}, <Time at={row.createdAt} />
        </span>
        {manages && isOpen(row) && (
          <button type="button" className="linkbutton" aria-label={`Remove key ${row.name}`} onClick={ask}>
            Remove
          </button>
        )}
      </div>
      <div className="meta mono">SHA-256 {row.fingerprint}</div>
      {newest && <Code text={row.certificate} label={`certificate of ${row.name}`} maxHeight={120} />}
    </section>
  )
}

const empty = { name: '', certificate: '', privateKey: '', password: '' }

function NewKey({ brings, close }: { brings: boolean; close: () => void }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const [fields, setFields] = useState(empty)
  const done = {
    onSuccess: () => {
      void utils.ingestion.keys.invalidate()
      close()
    },
  }
  const make = trpc.ingestion.makeKey.useMutation(done)
  const add = trpc.ingestion.addKey.useMutation(done)
  const { error, isPending } = brings ? add : make
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const { name, password, ...pem } = fields
    if (brings) add.mutate({ ...tenant, name, ...pem, ...(password && { password }) })
    else make.mutate({ ...tenant, name })
  }
  const given = (key: keyof typeof empty) => ({
    value: fields[key],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields((before) => ({ ...before, [key]: value })),
  })
  return (
    <form className="col g12" onSubmit={submit}>
      <TextInput label="Name of the key" required maxLength={60} placeholder="Forensics 2026" {...given('name')} />
      {brings && (
        <>
          <Textarea
            label="Certificate"
            description="PEM"
            required
            autosize
            minRows={2}
            maxRows={6}
            {...given('certificate')}
          />
          <Textarea
            label="Private key"
            description="PEM, RSA. It is kept encrypted and never shown again."
            required
            autosize
            minRows={2}
            maxRows={6}
            {...given('privateKey')}
          />
          <PasswordInput
            label="Password of the key (optional)"
            autoComplete="off"
            maxLength={1000}
            {...given('password')}
          />
        </>
      )}
      {error && (
        <div className="note bad" role="alert">
          {sentence(error)}
        </div>
      )}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" loading={isPending}>
          {brings ? 'Keep the key' : 'Make the key'}
        </Button>
      </div>
    </form>
  )
}
