import './benign.css'
import { Button, Modal, Radio, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { reasonOf, sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Trial } from './Trial.tsx'
import { type Rule, useRules } from './useRules.ts'

/** What is benign: a value of a field, the same anywhere in a row, or what a query finds. */
export interface Proposal {
  /** `Name:"svc.exe"`: the value in its field; undefined where no field was named. */
  inField?: string | undefined
  /** The value wherever it stands. */
  anywhere?: string | undefined
}

interface RuleDialogProps {
  proposal?: Proposal
  /** The rule to change. */
  rule?: Rule | undefined
  close: () => void
}

const dayOf = (at: string | Date | null) => (at ? new Date(at).toISOString().slice(0, 10) : '')
const timeOf = (day: string) => (day === '' ? null : `${day}T00:00:00Z`)

/** Makes a rule or changes one; it can be tried on the stored rows first. */
export function RuleDialog({ proposal = {}, rule, close }: RuleDialogProps) {
  const tenant = useOneTenant()
  const mayShare = useMay('benign:share')
  const { saved } = useRules()
  const [tried, setTried] = useState<string>()
  const form = useForm({
    initialValues: {
      query: rule?.query ?? proposal.inField ?? proposal.anywhere ?? '',
      reason: rule?.reason ?? '',
      until: dayOf(rule?.expiresAt ?? null),
      everywhere: rule?.everywhere ? 'all' : 'own',
    },
  })
  const { query, everywhere } = form.values
  const save = useMutation({
    mutationFn: ({ query, reason, until, everywhere }: typeof form.values) => {
      const parts = { query, reason, expiresAt: timeOf(until), everywhere: everywhere === 'all', ...tenant }
      if (!rule) return client.benign.create.mutate(parts)
      return client.benign.update.mutate({ ...parts, id: rule.id, version: rule.version })
    },
    onSuccess: (made) => {
      saved(made)
      close()
    },
  })
  return (
    <Modal opened onClose={close} size="xl" title={rule ? 'Change the rule' : 'Benign by rule'}>
      <form className="col g12" onSubmit={form.onSubmit((values) => save.mutate(values))}>
        {!rule && <Scope proposal={proposal} query={query} choose={(to) => form.setFieldValue('query', to)} />}
        <Textarea
          label="Rows that match this query are benign"
          description="As on the hunt screen: a value, field:value, wildcards, AND, OR, NOT."
          required
          autosize
          minRows={1}
          maxRows={8}
          classNames={{ input: 'mono' }}
          {...form.getInputProps('query')}
        />
        <TextInput
          label="Why they are benign"
          required
          maxLength={2000}
          data-autofocus
          {...form.getInputProps('reason')}
        />
        <TextInput
          label="Until (UTC)"
          description="Left empty: no end. What it has marked by then stays marked."
          type="date"
          {...form.getInputProps('until')}
        />
        {mayShare && (
          <Radio.Group label="For the rows of" {...form.getInputProps('everywhere')}>
            <div className="row g12 pt4">
              <Radio value="own" label="this tenant" />
              <Radio value="all" label="every tenant" />
            </div>
          </Radio.Group>
        )}
        {tried !== undefined && tried.startsWith(`${everywhere} `) && (
          <Trial
            query={tried.slice(everywhere.length + 1)}
            tenant={everywhere === 'all' ? { tenant: 'all' } : tenant}
          />
        )}
        {save.error && (
          <div className="note bad" role="alert">
            {reasonOf(save.error) === 'stale'
              ? 'Someone saved the rule while you were at it. Nothing of yours was saved: close, and change it again.'
              : sentence(save.error)}
          </div>
        )}
        <div className="row g8" style={{ justifyContent: 'flex-end' }}>
          <Button
            variant="default"
            disabled={query.trim() === ''}
            onClick={() => setTried(`${everywhere} ${query.trim()}`)}
          >
            Try on stored rows
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save the rule
          </Button>
        </div>
      </form>
    </Modal>
  )
}

interface ScopeProps {
  proposal: Proposal
  query: string
  choose: (query: string) => void
}

/** Where a value counts, when the rule was begun from one. */
function Scope({ proposal: { inField, anywhere }, query, choose }: ScopeProps) {
  if (inField === undefined || anywhere === undefined) return null
  return (
    <SegmentedControl
      aria-label="Where the value stands"
      value={query === inField ? 'field' : query === anywhere ? 'any' : ''}
      onChange={(where) => choose(where === 'field' ? inField : anywhere)}
      data={[
        { value: 'field', label: 'In this field' },
        { value: 'any', label: 'Anywhere in a row' },
      ]}
    />
  )
}
