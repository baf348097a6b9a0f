import { Button, Checkbox, Modal, Select, Textarea, TextInput } from '@mantine/core'
import type { ArtifactType } from '@velocicompanion/api/artifacts/input'
import { useState, type SyntheticEvent } from 'react'
import { client, trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { reasonOf } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { typeOptions } from '../artifacts/words.ts'
import { CaseChoice, newCase } from './CaseChoice.tsx'

interface AddToCaseProps {
  rows: { id: string; tenantId: number }[]
  /** A value of these rows, or one that stands alone: it can become an artifact of the case. */
  value: string | undefined
  close: () => void
}

/** At most so long, as the case keeps it. */
const longestValue = 20_000
const atOnce = 200

/** Holds rows in a case that is chosen or opened here, with what is to be said about them. */
export function AddToCase({ rows, value, close }: AddToCaseProps) {
  const own = useOneTenant()
  const tenants = new Set(rows.map(({ tenantId }) => tenantId))
  const [first] = tenants
  const tenant = first === undefined ? own : { tenant: first }
  return (
    <Modal opened onClose={close} title="Add to case">
      {tenants.size > 1 ? (
        <p className="t2">These rows are of {tenants.size} tenants, and a case is of one. Select rows of one tenant.</p>
      ) : (
        <Form
          rows={rows}
          value={value && value.length <= longestValue ? value : undefined}
          tenant={tenant}
          close={close}
        />
      )}
    </Modal>
  )
}

interface FormProps extends AddToCaseProps {
  tenant: { tenant?: number }
}

function Form({ rows, value, tenant, close }: FormProps) {
  const cases = trpc.cases.list.useQuery({ limit: 200, ...tenant })
  const [chosen, setChosen] = useState<string>()
  const [title, setTitle] = useState('')
  const [note, setNote] = useState('')
  const [asArtifact, setAsArtifact] = useState(rows.length === 0)
  const [type, setType] = useState<ArtifactType>(value === undefined ? 'other' : typeOf(value))
  const { add, busy, error } = useAdd()
  const open = cases.data?.rows.filter(({ status }) => status !== 'closed') ?? []
  const target = chosen ?? (open[0] ? String(open[0].id) : newCase)
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    const artifact = asArtifact && value !== undefined ? { artifactType: type, value } : undefined
    void add({ caseId: target === newCase ? undefined : Number(target), title, note, rows, artifact, tenant }).then(
      (done) => done && close(),
    )
  }
  return (
    <form onSubmit={submit} className="col g12">
      <CaseChoice cases={open} value={target} choose={setChosen} disabled={cases.isPending} />
      {target === newCase && (
        <TextInput
          label="Title"
          required
          maxLength={300}
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
        />
      )}
      {rows.length > 0 && (
        <Textarea
          label={rows.length === 1 ? 'Note on the row' : `Note on the ${plural(rows.length, 'row')}`}
          autosize
          minRows={2}
          maxLength={4000}
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
        />
      )}
      {value !== undefined && (
        <>
          <Checkbox
            label="Add the value as a case artifact"
            checked={asArtifact}
            disabled={rows.length === 0}
            onChange={(e) => setAsArtifact(e.currentTarget.checked)}
          />
          <div className="mono" style={{ overflowWrap: 'anywhere' }}>
            <Evidence text={value.length > 300 ? `${value.slice(0, 300)}…` : value} />
          </div>
          {asArtifact && (
            <Select
              label="Type"
              data={typeOptions}
              value={type}
              allowDeselect={false}
              onChange={(next) => next && setType(next)}
            />
          )}
        </>
      )}
      {error !== undefined && <ErrorState error={error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button variant="default" onClick={close} disabled={busy}>
          Cancel
        </Button>
        <Button type="submit" loading={busy}>
          {rows.length === 0 ? 'Add value' : `Add ${plural(rows.length, 'row')}`}
        </Button>
      </div>
    </form>
  )
}

interface Added {
  caseId: number | undefined
  title: string
  note: string
  rows: { id: string }[]
  artifact: { artifactType: ArtifactType; value: string } | undefined
  tenant: { tenant?: number }
}

/** A value that the case holds already is no failure: it is there. */
const addArtifact = (caseId: number, { artifact, tenant }: Added) =>
  artifact &&
  client.artifacts.create.mutate({ caseId, ...artifact, ...tenant }).catch((failure: unknown) => {
    if (reasonOf(failure) !== 'taken') throw failure
  })

function useAdd() {
  const utils = trpc.useUtils()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  // Once opened, a case is not opened again by a second try.
  const [made, setMade] = useState<number>()
  const add = async (given: Added) => {
    const { title, note, rows, tenant } = given
    setBusy(true)
    setError(undefined)
    try {
      const caseId = given.caseId ?? made ?? (await client.cases.create.mutate({ title, ...tenant })).id
      if (given.caseId === undefined) setMade(caseId)
      for (let at = 0; at < rows.length; at += atOnce) {
        const some = rows.slice(at, at + atOnce).map(({ id }) => id)
        await client.cases.addRows.mutate({ id: caseId, rows: some, note, ...tenant })
      }
      await addArtifact(caseId, given)
      toast({ text: `Added to case ${caseId}.` })
      await Promise.all([utils.cases.invalidate(), utils.artifacts.invalidate()])
      return true
    } catch (failure) {
      setError(failure)
      setBusy(false)
      return false
    }
  }
  return { add, busy, error }
}

const shapes: [ArtifactType, RegExp][] = [
  ['md5', /^[0-9a-f]{32}$/i],
  ['sha1', /^[0-9a-f]{40}$/i],
  ['sha256', /^[0-9a-f]{64}$/i],
  ['ip', /^\d{1,3}(\.\d{1,3}){3}$|^(?=.*:.*:)[0-9a-f:.]+$/i],
  ['cidr', /^[0-9a-f:.]+\/\d{1,3}$/i],
  ['url', /^[a-z][a-z0-9+.-]*:\/\//i],
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/],
  ['sid', /^S-1-\d/],
  ['registry_key', /^(HK|\\Registry\\)/i],
  ['file_path', /^([a-z]:)?[\\/]/i],
  ['file_name', /^[^\\/\s]+\.(exe|dll|sys|ps1|bat|cmd|vbs|js|jar|scr|lnk|docx?|xlsx?|zip|so|sh|py)$/i],
  ['domain', /^([a-z0-9-]+\.)+[a-z]{2,}$/i],
]

/** A guess, for the person to change. */
const typeOf = (value: string): ArtifactType => shapes.find(([, shape]) => shape.test(value))?.[0] ?? 'other'
