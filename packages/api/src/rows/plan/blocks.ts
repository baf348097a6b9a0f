import { gramsFor, type WantedGrams } from '../../evidence/grams.ts'
import { dayOf, readTime } from '../../evidence/times.ts'
import { hashDay, hashTerm, termSeed, type TermSeed } from '../../evidence/terms.ts'
import type { ReadScope } from '../../scope.ts'
import { literalOf } from '../engine/literals.ts'
import type { Leaf, Node } from '../language/ast.ts'
import {
  type BlockFilter,
  type BlockKey,
  blocksContaining,
  blocksOf,
  blocksWithAny,
  blocksWithTerms,
  type Candidate,
  termKey,
} from '../queries.ts'

/** What a row's block must hold; `terms` are alternatives for one test, each a list of terms that must all be there. */
type Need = { terms: number[][]; leaf: number } | { grams: WantedGrams } | { all: Need[] } | { any: Need[] }

/** Which blocks hold the values of which tests, as far as the index of values was asked. */
export interface Told {
  /** Tests that were looked up: a block that is not said to hold one has no row that passes it. */
  asked: Set<number>
  holding: Map<string, number[]>
}

export interface Candidates {
  blocks: Candidate[]
  told: Told
}

interface Finding {
  scope: ReadScope
  filter: BlockFilter
  told: Told
}

/** Blocks that can hold a matching row; all that the filter leaves where the query says nothing of its blocks. */
export async function candidateBlocks(
  scope: ReadScope,
  node: Node,
  filter: BlockFilter,
  within: BlockKey[] | undefined,
): Promise<Candidates> {
  const told: Told = { asked: new Set(), holding: new Map() }
  const need = needOf(node, termSeed(needsKey(node) ? await termKey(scope) : new Uint8Array(0)))
  if (!need) return { blocks: await blocksOf(scope, filter, within), told }
  const inside = within && new Set(within.map(keyOf))
  const found = await find({ scope, filter, told }, need)
  return { blocks: inside ? found.filter((block) => inside.has(keyOf(block))) : found, told }
}

export const keyOf = ({ tenantId, blockId }: BlockKey) => `${tenantId}.${blockId}`

function needsKey(node: Node): boolean {
  if (node.kind === 'leaf') return node.test.kind === 'equals' && (!node.on || 'field' in node.on)
  return (node.kind === 'and' || node.kind === 'or') && node.parts.some(needsKey)
}

/** Undefined where terms and grams tell nothing. */
function needOf(node: Node, seed: TermSeed): Need | undefined {
  if (node.kind === 'leaf') return node.test.kind === 'equals' ? termsOf(node, seed) : gramsNeeded(node)
  if (node.kind !== 'and' && node.kind !== 'or') return undefined
  const needs = node.parts.map((part) => needOf(part, seed))
  const known = needs.filter((need) => need !== undefined)
  if (known.length === 0 || (node.kind === 'or' && known.length < needs.length)) return undefined
  return node.kind === 'and' ? { all: known } : { any: known }
}

/** Words of JSON that are no strings have no term; a time has its day where it stands in a column. */
function termsOf({ on, test, id }: Leaf, seed: TermSeed): Need | undefined {
  if (test.kind !== 'equals' || (on && 'builtin' in on) || test.value === '') return undefined
  if (on && /^(true|false|null)$/.test(test.value)) return undefined
  const plain = hashTerm(test.value, seed)
  const time = readTime(test.value.toUpperCase())
  return { terms: time ? [[plain], [hashDay(dayOf(time.seconds), seed)]] : [[plain]], leaf: id }
}

/** Terms of which a block has one at least, if a value of it passes the test; none where that can't be told. */
export function termsOfLeaf(leaf: Leaf, seed: TermSeed): number[] {
  const need = termsOf(leaf, seed)
  return need && 'terms' in need ? need.terms.flat() : []
}

/** In a field, times and words stand that the grams do not know: what can be a part of one tells nothing. */
function gramsNeeded({ on, test }: Leaf): Need | undefined {
  if (on && 'builtin' in on) return undefined
  const text = literalOf(test)
  if (on && (/^[-0-9tz:.]*$/.test(text) || ['true', 'false', 'null'].some((word) => word.includes(text))))
    return undefined
  const grams = gramsFor(text)
  return grams && { grams }
}

type Terms = Extract<Need, { terms: number[][] }>

async function find(finding: Finding, need: Need): Promise<Candidate[]> {
  const { scope, filter } = finding
  if ('terms' in need) return findAlternatives(finding, [need])
  if ('grams' in need) return blocksContaining(scope, need.grams, filter)
  if ('all' in need) return findAll(finding, need.all)
  const single = need.any.filter((one) => 'terms' in one)
  const others = need.any.filter((one) => !('terms' in one))
  const found = single.length > 0 ? [await findAlternatives(finding, single)] : []
  for (const other of others) found.push(await find(finding, other))
  return [...new Map(found.flat().map((block) => [keyOf(block), block])).values()]
}

/** Blocks in which some of the tests can pass, and notes which ones of them. */
async function findAlternatives({ scope, filter, told }: Finding, needs: Terms[]): Promise<Candidate[]> {
  const alternatives = needs.flatMap(({ terms }) => terms)
  if (alternatives.length === 1) return blocksWithTerms(scope, alternatives[0]!, filter)
  const byTerm = new Map<number, number[]>()
  for (const { terms, leaf } of needs) {
    told.asked.add(leaf)
    for (const term of terms.flat()) byTerm.set(term, [...(byTerm.get(term) ?? []), leaf])
  }
  const found = await blocksWithAny(scope, [...byTerm.keys()], filter)
  for (const block of found) {
    const known = told.holding.get(keyOf(block)) ?? []
    told.holding.set(keyOf(block), [...known, ...block.hits.flatMap((term) => byTerm.get(term)!)])
  }
  return found
}

/** So few are read sooner than grams are looked up. */
const fewBlocks = 32

/** Terms that must all be there are one look-up; what else is needed narrows its blocks down. */
async function findAll(finding: Finding, needs: Need[]): Promise<Candidate[]> {
  const flat = needs.flatMap((need) => ('all' in need ? need.all : [need]))
  const terms = flat.flatMap((need) => ('terms' in need && need.terms.length === 1 ? need.terms[0]! : []))
  const others = flat.filter((need) => !('terms' in need) || need.terms.length > 1)
  let found = terms.length > 0 ? await blocksWithTerms(finding.scope, terms, finding.filter) : undefined
  for (const other of others) {
    if (found && found.length <= ('grams' in other ? fewBlocks : 0)) continue
    const more = await find(finding, other)
    const keys = new Set(more.map(keyOf))
    found = found?.filter((block) => keys.has(keyOf(block))) ?? more
  }
  return found ?? []
}
