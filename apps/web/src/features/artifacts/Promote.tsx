import { Button, Checkbox, Modal, Select, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type SyntheticEvent } from 'react'
import { client, trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { ErrorState } from '../../ui/states.tsx'
import { Mono } from '../../ui/Value.tsx'

const newList = 'new'

interface PromoteProps {
  artifacts: { id: number; value: string }[]
  close: () => void
}

/** Puts artifacts of a case on an indicator list, which remembers the case. */
export function Promote({ artifacts, close }: PromoteProps) {
  const tenant = useOneTenant()
  const utils = trpc.useUtils()
  const lists = trpc.indicators.list.useQuery({ ...tenant, limit: 200 })
  const [list, setList] = useState(newList)
  const [name, setName] = useState('')
  const [broad, setBroad] = useState(false)
  const promote = useMutation({
    mutationFn: () =>
      client.indicators.promote.mutate({
        ...tenant,
        artifacts: artifacts.map(({ id }) => id),
        broad,
        ...(list === newList ? { name } : { listId: Number(list) }),
      }),
    onSuccess: () => void utils.indicators.invalidate(),
  })
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    promote.mutate()
  }
  const done = promote.data
  return (
    <Modal opened onClose={close} title={`Put ${plural(artifacts.length, 'artifact')} on an indicator list`}>
      {done ? (
        <div className="col g12">
          <output>
            {plural(done.added, 'indicator')} added{done.known > 0 && `, ${done.known} stood there already`}.{' '}
            <Link className="link" to="/indicators" search={{ list: done.listId }}>
              Open the list
            </Link>
          </output>
          {done.leftOut.length > 0 && (
            <ul>
              {done.leftOut.map(({ value, why }) => (
                <li key={value}>
                  Left out: <Mono value={value} />: {why}
                </li>
              ))}
            </ul>
          )}
          <Button onClick={close}>Close</Button>
        </div>
      ) : (
        <form onSubmit={submit} className="col g12">
          <Select
            label="List"
            allowDeselect={false}
            data-autofocus
            value={list}
            data={[
              { value: newList, label: 'A new list' },
              ...(lists.data?.rows ?? [])
                .filter(({ own }) => own)
                .map(({ id, name: of }) => ({ value: String(id), label: of })),
            ]}
            onChange={(next) => setList(next ?? newList)}
          />
          {list === newList && (
            <TextInput
              label="Name of the list"
              required
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <Checkbox
            label="Also values that would find too much, such as 8.8.8.8"
            checked={broad}
            onChange={(event) => setBroad(event.currentTarget.checked)}
          />
          {promote.error && <ErrorState error={promote.error} />}
          <Button type="submit" loading={promote.isPending}>
            Put on the list
          </Button>
        </form>
      )}
    </Modal>
  )
}
