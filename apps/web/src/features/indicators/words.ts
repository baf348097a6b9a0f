import { indicatorKinds, indicatorMatches, tlps } from '@velocicompanion/api/indicators/input'
import type { Outputs } from '../../api.ts'

export type IndicatorList = Outputs['indicators']['list']['rows'][number]
export type Value = Outputs['indicators']['values']['rows'][number]
export type HitGroup = Outputs['indicators']['hits']['rows'][number]
export type RowHit = Outputs['indicators']['hitsOf']['rows'][number]
export type Swept = Outputs['indicators']['sweep']

export const kindWord = (kind: string) => kind.replaceAll('_', ' ')
const options = <T extends string>(values: readonly T[], word: (value: T) => string) =>
  values.map((value) => ({ value, label: word(value) }))
export const kindOptions = options(indicatorKinds, kindWord)
export const matchOptions = options(indicatorMatches, (match) =>
  match === 'exact' ? 'exactly' : match === 'wildcard' ? 'with * and ?' : 'regular expression',
)
export const tlpOptions = options(tlps, (tlp) => tlp.toUpperCase())
