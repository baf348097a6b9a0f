import type { Outputs } from '../../api.ts'

export type Entry = Outputs['searches']['history']['rows'][number]

export interface Branch {
  entry: Entry
  children: Branch[]
  /** Of it and of all that came from it: what was asked last. */
  newest: number
}

/** The tree of what was asked: the branch with the latest query first, inside of it in the order of asking. */
export function treeOf(entries: Entry[]): Branch[] {
  const branches = new Map(entries.map((entry) => [entry.id, { entry, children: [] as Branch[], newest: 0 }]))
  const roots: Branch[] = []
  for (const branch of branches.values()) {
    const parent = branch.entry.parentId === null ? undefined : branches.get(branch.entry.parentId)
    ;(parent?.children ?? roots).push(branch)
  }
  for (const root of roots) settle(root)
  return roots.toSorted((a, b) => b.newest - a.newest)
}

function settle(branch: Branch) {
  for (const child of branch.children) settle(child)
  branch.children.sort((a, b) => a.entry.id - b.entry.id)
  branch.newest = Math.max(Date.parse(String(branch.entry.askedAt)), ...branch.children.map(({ newest }) => newest))
}

export interface Line {
  entry: Entry
  depth: number
}

/** The lines of a drawn tree: a chain is not indented, only where it branches does it go in. */
export function linesOf(branches: Branch[], depth = 0): Line[] {
  return branches.flatMap(({ entry, children }) => [
    { entry, depth },
    ...(children.length === 1 ? linesOf(children, depth) : children.flatMap((child) => linesOf([child], depth + 1))),
  ])
}
