import { cancelled } from '../../errors.ts'
import { frameLines } from '../../evidence/frames.ts'
import type { Hit } from '../../rows/engine/collect.ts'
import type { Query } from '../../rows/language/ast.ts'
import { foldedCollections, framesOf, namesOf } from '../../rows/lines/queries.ts'
import { askWave, readWave } from '../../rows/plan/waves.ts'
import type { Candidate } from '../../rows/queries.ts'
import { askingOf, type Bounds, type Plan, planRows, type Searcher } from '../../rows/rows.ts'
import type { RowsOfBlock } from '../writing/writer.ts'

/** What is evaluated and read at once: small, so that searches of others find a gap soon. */
const waveBlocks = 8
const waveBytes = 6_000_000

export interface WaveOfRows {
  blocks: RowsOfBlock[]
  rows: number
  /** Of all blocks that the query looks into. */
  blocksDone: number
}

export const planExport = (searcher: Searcher, query: Query, bounds: Bounds) =>
  planRows(searcher, query, bounds, { kind: 'page', size: Infinity, after: undefined })

/**
 * All matching rows, block by block: the newest block first, and in each the rows as they were sent. In the order of their times
 * each block would have to be read for many places of the file.
 */
export async function* matchingRows(searcher: Searcher, plan: Plan): AsyncGenerator<WaveOfRows, void, void> {
  const { blocks } = plan
  const asking = askingOf(searcher, plan)
  try {
    for (let next = 0; next < blocks.length;) {
      if (searcher.signal?.aborted) throw cancelled()
      const wave = waveFrom(blocks, next)
      next += wave.length
      asking.absent.clear()
      const ready = await readWave(
        asking,
        wave.map((block) => asking.wanted(block, true)),
      )
      const hits = (await askWave(asking, ready)).flatMap((answer) => answer.hits)
      yield { blocks: await readBlocks(searcher, hits), rows: hits.length, blocksDone: next }
    }
  } finally {
    asking.search.drop()
  }
}

function waveFrom(blocks: Candidate[], start: number): Candidate[] {
  let end = start
  let bytes = 0
  while (
    end < blocks.length &&
    end - start < waveBlocks &&
    (end === start || bytes + blocks[end]!.rawBytes <= waveBytes)
  )
    bytes += blocks[end++]!.rawBytes
  return blocks.slice(start, end)
}

const frameOf = ({ blockRow }: Hit) => Math.floor(blockRow / frameLines)

async function readBlocks({ scope }: Searcher, hits: Hit[]): Promise<RowsOfBlock[]> {
  if (hits.length === 0) return []
  const ids = (key: 'hostId' | 'sourceId' | 'collectionId') => [...new Set(hits.map((hit) => hit[key]))]
  const names = await namesOf(scope, ids('hostId'), ids('sourceId'))
  const folded = await foldedCollections(scope, ids('collectionId'))
  const keys = new Map(hits.map((hit) => [`${hit.blockId}.${frameOf(hit)}`, { ...hit, frame: frameOf(hit) }]))
  const frames = await framesOf(scope, [...keys.values()])
  return [...Map.groupBy(hits, ({ blockId }) => blockId)].map(([blockId, ofBlock]) => {
    const rows = ofBlock.toSorted((a, b) => a.blockRow - b.blockRow)
    const { tenantId, sourceId } = rows[0]!
    return {
      tenantId,
      sourceId,
      source: names.sources.get(sourceId)!,
      rows: Uint32Array.from(rows, ({ blockRow }) => blockRow),
      times: Float64Array.from(rows, ({ time }) => time),
      runs: runsOf(rows, names.hosts, folded),
      frames: [...new Set(rows.map(frameOf))].map((frame) => ({
        first: frame * frameLines,
        bytes: frames.get(`${blockId}.${frame}`)!,
      })),
    }
  })
}

/** Neighbours of one collection and host whose numbers go on together. */
function runsOf(rows: Hit[], hosts: Map<number, string>, folded: Set<number>): RowsOfBlock['runs'] {
  const runs: RowsOfBlock['runs'] = []
  let last: { collectionId: number; shift: number; hostId: number } | undefined
  for (const { collectionId, hostId, row, blockRow } of rows) {
    const shift = row - blockRow
    if (last && last.collectionId === collectionId && last.shift === shift && last.hostId === hostId) runs.at(-1)!.n++
    else runs.push({ n: 1, collectionId, shift, host: hosts.get(hostId)!, folded: folded.has(collectionId) })
    last = { collectionId, shift, hostId }
  }
  return runs
}
