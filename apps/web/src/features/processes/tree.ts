/** What of a node the shape of the tree needs. */
export interface Shape {
  parent: number | null
}

/** A line of the tree that is in view. */
export interface Branch {
  /** Its place in the list. */
  at: number
  level: number
  /** Its place among its siblings, from 1, and how many they are. */
  place: number
  of: number
  hasChildren: boolean
  isOpen: boolean
  /** For each level above: whether a sibling follows below. */
  rails: boolean[]
}

/** Children of each node, and those at the top, in the order of the list. */
export function childrenOf(nodes: Shape[]) {
  const children: number[][] = nodes.map(() => [])
  const tops: number[] = []
  for (const [i, { parent }] of nodes.entries()) (parent === null ? tops : children[parent]!).push(i)
  return { children, tops }
}

/** The lines in view from top to bottom. Keeps its own stack: a chain may be as long as the list. */
export function branchesOf({ children, tops }: ReturnType<typeof childrenOf>, open: ReadonlySet<number>): Branch[] {
  const branches: Branch[] = []
  const deepest = 40
  const todo: { at: number; level: number; place: number; of: number; rails: boolean[] }[] = []
  const push = (list: number[], level: number, rails: boolean[]) => {
    for (let i = list.length - 1; i >= 0; i--)
      todo.push({ at: list[i]!, level, place: i + 1, of: list.length, rails: [...rails, i < list.length - 1] })
  }
  push(tops, 1, [])
  for (let next = todo.pop(); next; next = todo.pop()) {
    const below = children[next.at]!
    const isOpen = below.length > 0 && open.has(next.at)
    branches.push({ ...next, hasChildren: below.length > 0, isOpen })
    // Rails of lines that are drawn no further right would only cost memory.
    if (isOpen) push(below, next.level + 1, next.rails.slice(0, deepest))
  }
  return branches
}

/** A node's ancestors, nearest first. */
export function ancestorsOf(nodes: Shape[], at: number): number[] {
  const found: number[] = []
  for (let up = nodes[at]?.parent ?? null; up !== null; up = nodes[up]!.parent) found.push(up)
  return found
}
