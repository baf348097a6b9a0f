import type { Named, NamedRows } from '../engine/evaluate.ts'
import type { Question } from '../engine/task.ts'
import type { Node } from '../language/ast.ts'
import type { Candidate } from '../queries.ts'

/** Whether all rows of a block match, or none; undefined where that can't be told without reading it. */
export function verdictOf(question: Question, named: Map<number, Named>, block: Candidate): boolean | undefined {
  const { bounds, superseded, filter, hide } = question
  if (hide && hasMarked(hide, block.sourceId)) return undefined
  if (block.tMin < bounds.from || block.tMax >= bounds.to || (block.superseded > 0 && !superseded)) return undefined
  return verdictOfNode(filter, named, block)
}

function verdictOfNode(node: Node, named: Map<number, Named>, block: Candidate): boolean | undefined {
  if (node.kind === 'all') return true
  if (node.kind === 'leaf') {
    const of = named.get(node.id)
    if (of?.of === 'tenant') return of.ids.has(block.tenantId)
    if (of?.of === 'rows') return hasMarked(of, block.sourceId) ? undefined : of.except
    return of?.of === 'source' ? of.ids.has(block.sourceId) : undefined
  }
  if (node.kind === 'not') {
    const verdict = verdictOfNode(node.part, named, block)
    return verdict === undefined ? undefined : !verdict
  }
  const verdicts = node.parts.map((part) => verdictOfNode(part, named, block))
  const stop = node.kind === 'or'
  if (verdicts.includes(stop)) return stop
  return verdicts.includes(undefined) ? undefined : !stop
}

const sourcesOfRows = new WeakMap<NamedRows, Set<number>>()

/** Whether rows of a source may be among those of a name. */
export function hasMarked(rows: NamedRows, sourceId: number): boolean {
  let sources = sourcesOfRows.get(rows)
  if (!sources) sourcesOfRows.set(rows, (sources = sourcesIn(rows)))
  return sources.has(sourceId)
}

export const sourcesIn = ({ ranges }: NamedRows) => new Set(ranges.keys().map((key) => Number(key.split('.')[1])))
