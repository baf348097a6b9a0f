import { Select } from '@mantine/core'

/** Stands for a case that is opened with what goes into it. */
export const newCase = 'new'

interface CaseChoiceProps {
  cases: { id: number; title: string }[]
  value: string
  choose: (value: string) => void
  disabled: boolean
}

/** An open case, or a new one. */
export const CaseChoice = ({ cases, value, choose, disabled }: CaseChoiceProps) => (
  <Select
    label="Case"
    searchable
    allowDeselect={false}
    data-autofocus
    disabled={disabled}
    value={value}
    data={[
      { value: newCase, label: 'New case…' },
      ...cases.map(({ id, title }) => ({ value: String(id), label: `${title} (case ${id})` })),
    ]}
    onChange={(next) => next && choose(next)}
  />
)
