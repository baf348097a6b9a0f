import { createCipheriv, createHash } from 'node:crypto'
import { randomFrom } from './random.ts'
import { sources } from './sources.ts'
import { hosts } from './world.ts'
import type { MadeMember } from './zip.ts'

export interface Collection {
  flowId: string
  /** Bytes of the rows of all sources together, about. */
  rowBytes: number
  /** Bytes of the files that were collected. */
  fileBytes: number
}

const pieceBytes = 1024 * 1024
const mostFileBytes = 512 * 1024 * 1024
const at = Date.UTC(2026, 5, 1)

/** A seeded collection as an offline collector packs it: 12 sources of rows, and files that no zip makes smaller. */
export function* collection({ flowId, rowBytes, fileBytes }: Collection): Generator<MadeMember, void, void> {
  const host = hosts[0]!
  const json = (value: object) => [Buffer.from(JSON.stringify(value, undefined, 2))]
  yield { name: 'client_info.json', bytes: json({ Hostname: host.name, Fqdn: host.fqdn, OS: 'windows' }) }
  const artifacts = sources.map(({ artifact }) => artifact)
  const context = { session_id: flowId, state: 2, create_time: at * 1e6, artifacts_with_results: artifacts }
  yield { name: 'collection_context.json', bytes: json({ ...context, request: { artifacts } }) }
  for (const source of sources) {
    const name = `results/${source.artifact.replaceAll('/', '%2F')}.json`
    yield { name, bytes: linesOf(source, (rowBytes * source.share) / 100) }
  }
  for (let n = 0, left = fileBytes; left > 0; n++, left -= mostFileBytes)
    yield { name: `uploads/auto/C%3A/memory-${n}.raw`, bytes: noise(n, Math.min(left, mostFileBytes)) }
}

function* linesOf({ artifact, row }: (typeof sources)[number], bytes: number) {
  const random = randomFrom(createHash('sha256').update(artifact).digest().readUInt32LE())
  for (let made = 0; made < bytes;) {
    let text = ''
    while (text.length < pieceBytes && made + text.length < bytes)
      text += `${JSON.stringify(row({ random, host: hosts[0]!, at }))}\n`
    const piece = Buffer.from(text)
    made += piece.length
    yield piece
  }
}

/** The same at every run, and as good as random. */
function* noise(seed: number, bytes: number) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed + 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(pieceBytes)
  for (let left = bytes; left > 0; left -= pieceBytes)
    yield cipher.update(zeros.subarray(0, Math.min(left, pieceBytes)))
}
