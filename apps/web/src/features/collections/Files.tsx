import { useMutation } from '@tanstack/react-query'
import { refresh, trpc, type Outputs } from '../../api.ts'
import { bytes, count } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { accessToken } from '../../session.ts'
import { List } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'

type File = Outputs['ingestion']['files']['rows'][number]

/** Files that were collected with the rows; nothing while there are none, as most collections have none. */
export function Files({ collectionId }: { collectionId: number }) {
  const files = trpc.ingestion.files.useInfiniteQuery(
    { collectionId, limit: 50, ...useOneTenant() },
    { getNextPageParam: (page) => page.nextCursor },
  )
  const total = files.data?.pages[0]?.total
  if (!total) return null
  return (
    <Panel title="Files" count={count(total)}>
      <Paged query={files} empty={null}>
        {(rows) => (
          <List
            label="Files"
            rows={rows}
            rowKey={(file) => file.id}
            columns={[
              { head: 'Name in the container', fill: true, cell: ({ name }) => <Mono value={name} /> },
              {
                head: 'Size',
                num: true,
                cell: (file) => <span title={`${count(file.bytes)} bytes`}>{bytes(file.bytes)}</span>,
              },
              {
                head: 'SHA-256',
                cell: ({ sha256 }) => <Mono value={sha256} shown={`${sha256.slice(0, 16)}…`} />,
                wide: true,
              },
              { head: '', label: 'Actions', num: true, cell: (file) => <Save file={file} /> },
            ]}
          />
        )}
      </Paged>
    </Panel>
  )
}

function Save({ file: { name, sha256, bytes: size } }: { file: File }) {
  const { tenant } = useOneTenant()
  const save = useMutation({
    mutationFn: async () => {
      const ask = () =>
        fetch(`/api/files/${sha256}`, {
          headers: {
            authorization: `Bearer ${accessToken.get() ?? ''}`,
            ...(tenant !== undefined && { 'x-tenant': String(tenant) }),
          },
        })
      let answer = await ask()
      if (answer.status === 401 && (await refresh())) answer = await ask()
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`)
      const blob = await answer.blob()
      if (blob.size !== size) throw new Error(`${blob.size} bytes came instead of ${size}.`)
      const url = URL.createObjectURL(blob)
      // The ending is not one that a system would open: these are an attacker's files.
      Object.assign(document.createElement('a'), { href: url, download: `${name.split('/').at(-1)}.collected` }).click()
      URL.revokeObjectURL(url)
    },
    onError: (error) => toast({ text: `The file was not saved. ${sentence(error)}` }),
  })
  return (
    <button
      type="button"
      className="linkbutton"
      disabled={save.isPending}
      aria-label={`Save ${name}`}
      onClick={() => save.mutate()}
    >
      Save
    </button>
  )
}
