import { Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { dayTime, plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { ancestorsOf, branchesOf, childrenOf } from './tree.ts'
import { argumentsOf, goneWords, startWords } from './words.ts'
import './processes.css'

type Node = Outputs['processes']['tree']['nodes'][number]

const shown = 10
/** A longer list is looked at on its own page. */
const longest = 20_000
const step = 24

/** Those that started last and all above them, at most so many; in the order of the list, each with its place in it. */
export function newestOf<T extends { parent: number | null }>(nodes: T[], most: number): number[] {
  const chosen = new Set<number>()
  for (let at = nodes.length - 1; at >= 0; at--) {
    const chain = [at, ...ancestorsOf(nodes, at)].filter((one) => !chosen.has(one))
    if (chosen.size + chain.length > most) break
    for (const one of chain) chosen.add(one)
  }
  return [...chosen].toSorted((a, b) => a - b)
}

/** What a host ran last, out of its newest list of processes; nothing where it has none. */
export function NewestProcesses({ hostId }: { hostId: number }) {
  const tenant = useOneTenant()
  const snapshots = trpc.processes.snapshots.useQuery({ hostId, ...tenant })
  const list = snapshots.data?.find(({ kind, rows }) => kind === 'list' && rows <= longest)
  const { data } = trpc.processes.tree.useQuery(
    { hostId, collectionId: list?.collectionId ?? undefined, sourceId: list?.sourceId, ...tenant },
    { enabled: list !== undefined },
  )
  if (!list || !data || data.nodes.length === 0) return null
  const places = newestOf(data.nodes, shown)
  const placeOf = new Map(places.map((at, i) => [at, i]))
  const nodes = places.map((at) => data.nodes[at]!)
  const shape = nodes.map(({ parent }) => ({ parent: parent === null ? null : (placeOf.get(parent) ?? null) }))
  const branches = branchesOf(childrenOf(shape), new Set(nodes.keys()))
  return (
    <Panel
      title="Processes"
      count={`from ${visible(list.source)}, ${dayTime(list.at)}: ${plural(data.nodes.length, 'process', 'processes')}, the ${nodes.length} started last with their parents shown`}
      actions={
        <Link className="link" to="/hosts/$id/processes" params={{ id: String(hostId) }}>
          Show all
        </Link>
      }
    >
      <div className="scrollx">
        <table className="tbl ptop" aria-label="Processes">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col" className="num">
                Pid
              </th>
              <th scope="col" className="wide">
                User
              </th>
              <th scope="col">Started (UTC)</th>
            </tr>
          </thead>
          <tbody>
            {branches.map(({ at, level, rails }) => (
              <Line key={at} hostId={hostId} node={nodes[at]!} level={level} rails={rails} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface LineProps {
  hostId: number
  node: Node
  level: number
  rails: boolean[]
}

function Line({ hostId, node, level, rails }: LineProps) {
  const gone = goneWords(node)
  return (
    <tr>
      <td className="fill">
        <span className="pname" style={{ paddingLeft: (level - 1) * step }}>
          {rails.slice(1, level).map((goesOn, i) => {
            const isElbow = i === level - 2
            // A span that draws nothing would still take the gap of its line.
            if (!isElbow && !goesOn) return null
            const kind = isElbow ? (goesOn ? 'prail elbow' : 'prail elbow last') : 'prail'
            return <span key={i} aria-hidden className={kind} style={{ left: i * step + 21 }} />
          })}
          <Link
            className="plainlink mono b nowrap"
            to="/hosts/$id/processes"
            params={{ id: String(hostId) }}
            search={{ row: node.row }}
          >
            {node.name === undefined ? 'no name' : <Evidence text={node.name} />}
          </Link>
          <span className="mono t2 trunc" title={visible(node.command ?? '')}>
            <Evidence text={argumentsOf(node)} />
          </span>
          {gone && <span className="meta pgone">{gone}</span>}
        </span>
      </td>
      <td className="num mono">{node.pid ?? '–'}</td>
      <td className="wide mono">
        <Evidence text={node.user ?? ''} />
      </td>
      <td className="mono t2">
        <Evidence text={startWords(node.startText)} />
      </td>
    </tr>
  )
}
