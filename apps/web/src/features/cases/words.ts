import { caseSeverities, caseStatuses } from '@velocicompanion/api/cases/input'

const options = <T extends string>(values: readonly T[]) =>
  values.map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1) }))

export const statusOptions = options(caseStatuses)
export const severityOptions = options(caseSeverities)
