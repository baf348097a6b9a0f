import { folded } from '../../evidence/terms.ts'
import type { ReadScope } from '../../scope.ts'
import type { Named, NamedRows } from '../engine/evaluate.ts'
import { type Matches, matcherOf } from '../engine/tests.ts'
import { type Builtin, type Leaf, type Node, marks } from '../language/ast.ts'
import { rowsByRule, rowsHit, rowsMarked, rowsTagged } from './marked.ts'
import { sourcesIn } from './verdict.ts'
import { hostIdsOf, hostsOf, huntedCollections, sourcesOf, tenantsOf } from '../naming/queries.ts'

type NamedOf = [number, Named]

/** What the tests of built-in fields stand for: ids of hosts, collections, sources or tenants that are in the scope. */
export async function namesIn(scope: ReadScope, leaves: Leaf[]): Promise<NamedOf[]> {
  const named: NamedOf[] = []
  for (const leaf of leaves) {
    if (!leaf.on || !('builtin' in leaf.on) || leaf.on.builtin === 'time') continue
    named.push([leaf.id, await resolve(scope, leaf.on.builtin, leaf)])
  }
  return named
}

async function resolve(scope: ReadScope, builtin: Builtin, { test }: Leaf): Promise<Named> {
  const matches = matcherOf(test)
  const fits = textFits(matches)
  if (builtin === 'mark') return rowsMarked(scope, marks.filter(fits))
  if (builtin === 'tag') return rowsTagged(scope, fits)
  if (builtin === 'indicator') return rowsHit(scope, fits)
  if (builtin === 'benign') return rowsByRule(scope, test.kind === 'equals' ? Number(test.value) : undefined)
  if (builtin === 'collection') {
    if (test.kind === 'equals') return { of: 'collection', ids: new Set([Number(test.value)]) }
    return { of: 'host', ids: idsOf(await hostsOf(scope)) } // collection:* is every row
  }
  if (builtin === 'hunt') {
    const hunted = await huntedCollections(scope)
    return { of: 'collection', ids: idsOf(hunted.filter(({ huntId }) => fits(huntId))) }
  }
  if (builtin === 'tenant') {
    const tenants = await tenantsOf(scope)
    return { of: 'tenant', ids: idsOf(tenants.filter(({ id, name }) => fits(name) || fits(String(id)))) }
  }
  if (builtin === 'source' || builtin === 'artifact') {
    const sources = await sourcesOf(scope)
    const artifact = (name: string) => name.split('/')[0]!
    const chosen = sources.filter(({ name }) => fits(artifact(name)) || (builtin === 'source' && fits(name)))
    return { of: 'source', ids: idsOf(chosen) }
  }
  if (builtin === 'host' && test.kind === 'equals' && /^[\x20-\x7e]*$/.test(test.value))
    return { of: 'host', ids: new Set(await hostIdsOf(scope, test.value)) }
  const hosts = await hostsOf(scope)
  return { of: 'host', ids: idsOf(hosts.filter((host) => textsOf(builtin, host).some(fits))) }
}

type Host = Awaited<ReturnType<typeof hostsOf>>[number]

function textsOf(builtin: Builtin, { hostname, fqdn, clientId, os, labels }: Host): (string | null)[] {
  if (builtin === 'os') return [os]
  return builtin === 'label' ? labels : [hostname, fqdn, clientId]
}

const textFits = (matches: Matches) => (text: string | null) => text !== null && matches(folded(text), false)

const idsOf = (rows: { id: number }[]) => new Set(rows.map(({ id }) => id))

/** What every matching row must be of; a part that is not there is not limited. */
export interface Necessary {
  tenant?: Set<number>
  source?: Set<number>
  host?: Set<number>
  collection?: Set<number>
}

const kinds = ['tenant', 'source', 'host', 'collection'] as const

export function necessary(node: Node, named: Map<number, Named>): Necessary {
  if (node.kind === 'leaf') {
    const of = named.get(node.id)
    if (of?.of === 'rows') return of.except ? {} : { source: sourcesIn(of), collection: collectionsIn(of) }
    return of ? { [of.of]: of.ids } : {}
  }
  if (node.kind !== 'and' && node.kind !== 'or') return {}
  const parts = node.parts.map((part) => necessary(part, named))
  const result: Necessary = {}
  for (const kind of kinds) {
    const sets = parts.flatMap((part) => part[kind] ?? [])
    if (sets.length === 0 || (node.kind === 'or' && sets.length < parts.length)) continue
    result[kind] = sets.reduce((a, b) => (node.kind === 'and' ? a.intersection(b) : a.union(b)))
  }
  return result
}

const collectionsIn = ({ ranges }: NamedRows) => new Set(ranges.keys().map((key) => Number(key.split('.')[0])))

/** Event times that every matching row lies in, in microseconds since 1970. */
export function necessaryTimes(node: Node): { from: number; to: number } {
  const all = { from: -9e18, to: 9e18 }
  if (node.kind === 'leaf') {
    const { on, test } = node
    if (!on || !('builtin' in on) || on.builtin !== 'time' || test.kind !== 'range') return all
    return { from: Math.floor(microsOf(test.low) ?? all.from), to: Math.ceil(microsOf(test.high) ?? all.to) + 1 }
  }
  if (node.kind !== 'and' && node.kind !== 'or') return all
  const parts = node.parts.map(necessaryTimes)
  const [lowest, highest] = node.kind === 'and' ? [Math.max, Math.min] : [Math.min, Math.max]
  return { from: lowest(...parts.map((p) => p.from)), to: highest(...parts.map((p) => p.to)) }
}

const microsOf = (bound: object | undefined) => {
  const { time } = (bound ?? {}) as { time?: { seconds: number; nanos: number } }
  return time && time.seconds * 1e6 + time.nanos / 1e3
}

/** Whether the query names a collection that every matching row is of: who does, sees all of it. */
export function namesCollection(node: Node): boolean {
  if (node.kind === 'leaf')
    return (
      node.on !== undefined && 'builtin' in node.on && node.on.builtin === 'collection' && node.test.kind === 'equals'
    )
  if (node.kind === 'and') return node.parts.some(namesCollection)
  return node.kind === 'or' && node.parts.every(namesCollection)
}
