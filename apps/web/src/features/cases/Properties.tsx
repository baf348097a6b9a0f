import { Select } from '@mantine/core'
import type { CaseSeverity, CaseStatus } from '@velocicompanion/api/cases/input'
import { trpc } from '../../api.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Facts } from '../../ui/Facts.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import type { Case } from './CasePage.tsx'
import { severityOptions, statusOptions } from './words.ts'

export function Properties({ item, mayWork }: { item: Case; mayWork: boolean }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const update = trpc.cases.update.useMutation({ onSettled: () => utils.cases.invalidate() })
  const change = (fields: { status?: CaseStatus; severity?: CaseSeverity }) =>
    update.mutate({ id: item.id, version: item.version, ...fields, ...tenant })
  return (
    <Panel title="Properties" pad>
      <div className="col g12">
        {mayWork ? (
          <>
            <Select
              label="Status"
              data={statusOptions}
              value={item.status}
              allowDeselect={false}
              disabled={update.isPending}
              onChange={(value) => value && change({ status: value })}
            />
            <Select
              label="Severity"
              data={severityOptions}
              value={item.severity}
              allowDeselect={false}
              disabled={update.isPending}
              onChange={(value) => value && change({ severity: value })}
            />
          </>
        ) : (
          <Facts
            facts={[
              ['Status', item.status],
              ['Severity', <Severity key="s" level={item.severity} />],
            ]}
          />
        )}
        {update.error && <ErrorState error={update.error} />}
        <Facts
          facts={[
            ['Opened', <Time key="o" at={item.createdAt} form="plain" />],
            ['Saved', <Time key="s" at={item.updatedAt} form="plain" />],
            ['By', item.updatedBy ?? undefined],
          ]}
        />
      </div>
    </Panel>
  )
}
