import { useQueryClient } from '@tanstack/react-query'
import { client, trpc, type Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { useHiddenAgain } from '../triage/useTriage.ts'

export type Rule = Outputs['benign']['list']['rows'][number]

const lookEvery = 700
/** Longer than that nobody waits beside it: the rules page shows how far it is, and a notification tells the end. */
const lookFor = 120_000

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What follows a change of a rule: its marks come and go in the background. */
export function useRules() {
  const utils = trpc.useUtils()
  const queries = useQueryClient()
  const tenant = useOneTenant()
  const hiddenAgain = useHiddenAgain()
  const again = async () => {
    await Promise.all([utils.benign.invalidate(), utils.triage.invalidate(), hiddenAgain()])
  }
  /** Looks until the marks are as the rule says; the rule as it is then. */
  const settled = async (id: number) => {
    for (const until = Date.now() + lookFor; ;) {
      const rule = await client.benign.get.query({ id, ...tenant })
      const isSettled = rule.endedAt ? rule.hides === 0 : !rule.applying
      if (isSettled || Date.now() > until) return rule
      await wait(lookEvery)
    }
  }
  const follow = async (id: number, say: (rule: Awaited<ReturnType<typeof settled>>) => void) => {
    void queries.invalidateQueries({ queryKey: [['benign']] })
    const rule = await settled(id)
    await again()
    say(rule)
  }
  const attempt = async (work: () => Promise<void>, failed: string) => {
    try {
      await work()
    } catch (error) {
      toast({ text: `${failed} ${sentence(error)}` })
      await again()
    }
  }
  const end = ({ id }: Pick<Rule, 'id'>) =>
    attempt(async () => {
      const { version } = await client.benign.get.query({ id, ...tenant })
      await client.benign.end.mutate({ id, version, ...tenant })
      await follow(id, () =>
        toast({ text: 'The rule has ended, and its marks are gone.', undo: () => void restore({ id }) }),
      )
    }, 'The rule was not ended.')
  const restore = ({ id }: Pick<Rule, 'id'>) =>
    attempt(async () => {
      await client.benign.restore.mutate({ id, ...tenant })
      await follow(id, (rule) =>
        toast({ text: `The rule is in force again: ${plural(rule.rows, 'row')} marked benign.` }),
      )
    }, 'The rule was not restored.')
  /** Says what a saved rule did, with the way back. */
  const saved = ({ id }: Pick<Rule, 'id'>) => {
    toast({ text: 'The rule is saved and marks what is stored.' })
    void attempt(
      () =>
        follow(id, (rule) =>
          toast({
            text: rule.applying
              ? 'The rule goes on marking: the page of rules shows how far it is.'
              : `The rule is in force: ${plural(rule.rows, 'row')} marked benign.`,
            undo: () => void end({ id }),
          }),
        ),
      'How far the rule is, is not known.',
    )
  }
  return { end, restore, saved }
}
