import { Button } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { relativeTime } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { toast } from '../../ui/toast.tsx'
import { ArtifactsOfCase } from '../artifacts/ArtifactsOfCase.tsx'
import { CaseText } from './CaseText.tsx'
import { RowsOfCase } from './RowsOfCase.tsx'
import { Properties } from './Properties.tsx'
import './cases.css'

export type Case = Outputs['cases']['get']

export function CasePage() {
  const id = Number(useParams({ from: '/app/cases/$id' }).id)
  const found = trpc.cases.get.useQuery({ id, ...useOneTenant() })
  const mayWork = useMay('case:work')
  const { data } = found
  return (
    <Page
      title={data?.title ?? 'Case'}
      crumbs={[{ label: 'Cases', to: '/cases' }]}
      sub={
        data &&
        `Case ${data.id} · opened by ${data.createdBy ?? 'another tenant’s user'} · saved ${relativeTime(data.updatedAt)}, version ${data.version}`
      }
      actions={data && mayWork && <DeleteCase item={data} />}
    >
      <Loaded query={found}>
        {(item) => (
          <div className="grid" style={{ gridTemplateColumns: 'minmax(0, 1fr) 320px', alignItems: 'start' }}>
            <div className="stack">
              <CaseText key={item.id} item={item} mayWork={mayWork} />
              <RowsOfCase caseId={item.id} mayWork={mayWork} />
              <ArtifactsOfCase caseId={item.id} />
            </div>
            <Properties item={item} mayWork={mayWork} />
          </div>
        )}
      </Loaded>
    </Page>
  )
}

function DeleteCase({ item }: { item: Case }) {
  const navigate = useNavigate()
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const restore = trpc.cases.restore.useMutation({
    onSuccess: () => utils.cases.invalidate(),
    onError: (error) => toast({ text: `The case is not restored. ${sentence(error)}` }),
  })
  const remove = trpc.cases.delete.useMutation({
    onSuccess: async () => {
      toast({
        text: `Deleted “${item.title}”. It can be restored for 30 days.`,
        undo: () => restore.mutate({ id: item.id, ...tenant }),
      })
      await navigate({ to: '/cases' })
      await utils.cases.invalidate()
    },
    onError: (error) => {
      toast({ text: `The case is not deleted. ${sentence(error)}` })
      void utils.cases.invalidate()
    },
  })
  return (
    <Button
      variant="default"
      loading={remove.isPending}
      onClick={() => remove.mutate({ id: item.id, version: item.version, ...tenant })}
    >
      Delete
    </Button>
  )
}
