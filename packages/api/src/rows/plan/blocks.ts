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

/** What a row's block must hold; undefined where terms tell nothing. */
type Need = { terms: number[][] } | { grams: WantedGrams } | { all: Need[] } | { any: Need[] }

/** Blocks that can hold a matching row; `narrowed` when terms told, else all that the filter leaves. */
export async function candidateBlocks(
  scope: ReadScope,
  node: Node,
  filter: BlockFilter,
  within: BlockKey[] | undefined,
) {
  const need = needOf(node, termSeed(needsKey(node) ? await termKey(scope) : new Uint8Array(0)))
  if (!need) return blocksOf(scope, filter, within)
  const inside = within && new Set(within.map(keyOf))
  const found = await find(scope, need, filter)
  return inside ? found.filter((block) => inside.has(keyOf(block))) : found
}

const keyOf = ({ tenantId, blockId }: BlockKey) => `${tenantId}.${blockId}`

function needsKey(node: Node): boolean {
  if (node.kind === 'leaf') return node.test.kind === 'equals' && (!node.on || 'field' in node.on)
  return (node.kind === 'and' || node.kind === 'or') && node.parts.some(needsKey)
}

/** `terms` holds alternatives of terms that must all be there. */
function needOf(node: Node, seed: TermSeed): Need | undefined {
  if (node.kind === 'leaf') return node.test.kind === 'equals' ? termsOf(node, seed) : gramsNeeded(node)
  if (node.kind !== 'and' && node.kind !== 'or') return undefined
  const needs = node.parts.map((part) => needOf(part, seed))
  const known = needs.filter((need) => need !== undefined)
  if (known.length === 0 || (node.kind === 'or' && known.length < needs.length)) return undefined
  return node.kind === 'and' ? { all: known } : { any: known }
}

/** Words of JSON that are no strings have no term; a time has its day where it stands in a column. */
function termsOf({ on, test }: Leaf, seed: TermSeed): Need | undefined {
  if (test.kind !== 'equals' || (on && 'builtin' in on) || test.value === '') return undefined
  if (on && /^(true|false|null)$/.test(test.value)) return undefined
  const plain = hashTerm(test.value, seed)
  const time = readTime(test.value.toUpperCase())
  return { terms: time ? [[plain], [hashDay(dayOf(time.seconds), seed)]] : [[plain]] }
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

async function find(scope: ReadScope, need: Need, filter: BlockFilter): Promise<Candidate[]> {
  if ('terms' in need) return findAlternatives(scope, need.terms, filter)
  if ('grams' in need) {
    const keys = await blocksContaining(scope, need.grams, filter)
    return keys.length === 0 ? [] : blocksOf(scope, filter, keys)
  }
  if ('all' in need) return findAll(scope, need.all, filter)
  const single = need.any.flatMap((one) => ('terms' in one ? one.terms : []))
  const others = need.any.filter((one) => !('terms' in one))
  const found = single.length > 0 ? [await findAlternatives(scope, single, filter)] : []
  for (const other of others) found.push(await find(scope, other, filter))
  return [...new Map(found.flat().map((block) => [keyOf(block), block])).values()]
}

async function findAlternatives(scope: ReadScope, terms: number[][], filter: BlockFilter): Promise<Candidate[]> {
  if (terms.length === 1) return blocksWithTerms(scope, terms[0]!, filter)
  const any = await blocksWithAny(scope, terms.flat(), filter)
  return any.length === 0 ? [] : blocksOf(scope, filter, any)
}

/** So few are read sooner than grams are looked up. */
const fewBlocks = 32

/** Terms that must all be there are one look-up; what else is needed narrows its blocks down. */
async function findAll(scope: ReadScope, needs: Need[], filter: BlockFilter): Promise<Candidate[]> {
  const flat = needs.flatMap((need) => ('all' in need ? need.all : [need]))
  const terms = flat.flatMap((need) => ('terms' in need && need.terms.length === 1 ? need.terms[0]! : []))
  const others = flat.filter((need) => !('terms' in need) || need.terms.length > 1)
  let found = terms.length > 0 ? await blocksWithTerms(scope, terms, filter) : undefined
  for (const other of others) {
    if (found && found.length <= ('grams' in other ? fewBlocks : 0)) continue
    const more = await find(scope, other, filter)
    const keys = new Set(more.map(keyOf))
    found = found?.filter((block) => keys.has(keyOf(block))) ?? more
  }
  return found ?? []
}
