import { trpc, type Outputs } from '../../api.ts'
import { bytes, count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useLookAgain, useOneTenant } from '../../lib/tenant.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Note } from '../../ui/Tag.tsx'
import { Time } from '../../ui/Time.tsx'
import { RetentionForm } from './RetentionForm.tsx'

export type Retention = Outputs['retention']['get']

export function RetentionPage() {
  const allowed = useMay('retention:manage')
  const all = useAllTenants()
  return (
    <AdminPage
      name="Retention"
      sub="How long this tenant keeps what it receives. A row that a case holds stays, however old it is."
      permission="retention:manage"
    >
      {allowed && (all ? <Note>Each tenant has a retention of its own: choose one tenant above.</Note> : <Setting />)}
    </AdminPage>
  )
}

function Setting() {
  const found = trpc.retention.get.useQuery(useOneTenant(), { refetchInterval: useLookAgain(30_000) })
  return (
    <Loaded query={found}>
      {(retention) => (
        <>
          <Panel title="Keep rows and files" pad>
            <RetentionForm key={`${retention.days}`} retention={retention} />
          </Panel>
          <Runs runs={retention.runs} />
        </>
      )}
    </Loaded>
  )
}

function Runs({ runs }: { runs: Retention['runs'] }) {
  return (
    <Panel title="What was removed" count={runs.length || undefined}>
      {runs.length === 0 ? (
        <EmptyState title="Nothing was removed yet">
          While a retention is set, it is looked through once a day and soon after each change.
        </EmptyState>
      ) : (
        <List
          label="What was removed"
          rows={runs}
          rowKey={(run) => run.id}
          columns={[
            { head: 'Begun', cell: (run) => <Time at={run.startedAt} /> },
            { head: 'Ended', cell: (run) => <Time at={run.endedAt} none="under way" /> },
            { head: 'Kept', cell: (run) => plural(run.days, 'day') },
            { head: 'Received before', cell: (run) => <Time at={run.cutoff} form="plain" /> },
            { head: 'Rows', num: true, cell: (run) => count(run.rows) },
            { head: 'Lines set aside', num: true, cell: (run) => count(run.rejected) },
            { head: 'Deliveries', num: true, cell: (run) => count(run.deliveries) },
            {
              head: 'Files',
              num: true,
              cell: (run) => (run.files === 0 ? '0' : `${count(run.files)}, ${bytes(run.fileBytes)}`),
            },
          ]}
        />
      )}
    </Panel>
  )
}
