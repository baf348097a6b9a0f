import type { IndicatorList } from './words.ts'

const dayOf = (at: string | Date | null) => (at ? new Date(at).toISOString().slice(0, 10) : '')

/** A list as its form holds it. */
export const valuesOf = (list: IndicatorList | undefined) => ({
  name: list?.name ?? '',
  benign: list?.benign ?? false,
  tlp: list?.tlp ?? 'amber',
  severity: list?.severity ?? 'medium',
  confidence: list?.confidence ?? 50,
  tags: list?.tags ?? [],
  source: list?.source ?? '',
  note: list?.note ?? '',
  from: dayOf(list?.validFrom ?? null),
  until: dayOf(list?.validUntil ?? null),
  sharedWith: (list?.sharedWith ?? []).map(String),
})
export type ListValues = ReturnType<typeof valuesOf>
type Field = keyof ListValues

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

export const changedIn = (base: ListValues, now: ListValues): Field[] =>
  (Object.keys(base) as Field[]).filter((field) => !same(base[field], now[field]))

/** What two people made of one list: what only one changed is as that one left it, and `both` is what each changed in another way. */
export function merged(base: ListValues, mine: ListValues, theirs: ListValues) {
  const ours = changedIn(base, mine)
  const both = ours.filter((field) => !same(base[field], theirs[field]) && !same(mine[field], theirs[field]))
  const values: ListValues = { ...theirs, ...Object.fromEntries(ours.map((field) => [field, mine[field]])) }
  return { values, both }
}
