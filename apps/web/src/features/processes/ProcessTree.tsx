/* oxlint-disable jsx-a11y/prefer-tag-over-role -- there is no element of HTML that is a tree */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Outputs } from '../../api.ts'
import { density } from '../../lib/prefs.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { type Branch, branchesOf, childrenOf } from './tree.ts'
import { argumentsOf, goneWords, startWords } from './words.ts'

export type Node = Outputs['processes']['tree']['nodes'][number]

interface ProcessTreeProps {
  nodes: Node[]
  open: ReadonlySet<number>
  setOpen: (open: ReadonlySet<number>) => void
  /** The node that has the focus. */
  here: number
  setHere: (at: number) => void
  onOpen: (node: Node) => void
}

const step = 18
const deepest = 24

/** One tab stop: arrows move, open and close; Home, End and the first letters of a name go there; Enter opens the row. */
export function ProcessTree({ nodes, open, setOpen, here, setHere, onOpen }: ProcessTreeProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const height = density.use() === 'comfortable' ? 32 : 26
  const shape = useMemo(() => childrenOf(nodes), [nodes])
  const branches = useMemo(() => branchesOf(shape, open), [shape, open])
  const index = Math.max(
    0,
    branches.findIndex(({ at }) => at === here),
  )
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const list = useVirtualizer({
    count: branches.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
  })
  useEffect(() => list.measure(), [height, list])
  useEffect(() => {
    if (index > 0) list.scrollToIndex(index, { align: 'center' })
    // oxlint-disable-next-line react/exhaustive-deps -- only for another list; moving scrolls by itself
  }, [nodes])
  const go = (to: number) => {
    const next = Math.max(0, Math.min(branches.length - 1, to))
    setHere(branches[next]!.at)
    list.scrollToIndex(next)
  }
  const toggle = (at: number) => {
    const next = new Set(open)
    if (!next.delete(at)) next.add(at)
    setOpen(next)
  }
  const onKeyDown = useTreeKeys({ nodes, branches, index, go, toggle, onOpen })
  return (
    <div
      className="grid-wrap ptree"
      ref={scroller}
      role="tree"
      tabIndex={0}
      aria-label="Processes"
      aria-activedescendant={branches.length > 0 ? `process-${here}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: list.getTotalSize(), position: 'relative' }}>
        {list.getVirtualItems().map(({ index: i, start }) => {
          const branch = branches[i]!
          return (
            <Line
              key={branch.at}
              branch={branch}
              node={nodes[branch.at]!}
              top={start}
              isHere={branch.at === here}
              onToggle={() => toggle(branch.at)}
              onClick={() => setHere(branch.at)}
              onOpen={() => onOpen(nodes[branch.at]!)}
            />
          )
        })}
      </div>
    </div>
  )
}

interface TreeKeys {
  nodes: Node[]
  branches: Branch[]
  index: number
  go: (to: number) => void
  toggle: (at: number) => void
  onOpen: (node: Node) => void
}

/** How long letters belong to one word. */
const wordMs = 800

function useTreeKeys({ nodes, branches, index, go, toggle, onOpen }: TreeKeys) {
  const [typed, setTyped] = useState({ text: '', at: 0 })
  const branch = branches[index]
  const parent = () => {
    for (let up = index - 1; up >= 0; up--) if (branches[up]!.level < branch!.level) return go(up)
  }
  const moves: Record<string, (() => unknown) | undefined> | undefined = branch && {
    ArrowDown: () => go(index + 1),
    ArrowUp: () => go(index - 1),
    PageDown: () => go(index + 20),
    PageUp: () => go(index - 20),
    Home: () => go(0),
    End: () => go(branches.length - 1),
    ArrowRight: () => (branch.hasChildren && !branch.isOpen ? toggle(branch.at) : branch.isOpen && go(index + 1)),
    ArrowLeft: () => (branch.isOpen ? toggle(branch.at) : parent()),
    Enter: () => onOpen(nodes[branch.at]!),
  }
  const find = (letter: string, now: number) => {
    const text = now - typed.at < wordMs ? typed.text + letter : letter
    setTyped({ text, at: now })
    // One letter goes on to the next; more stay while they still fit.
    const from = text.length > 1 ? index : index + 1
    for (let i = 0; i < branches.length; i++) {
      const place = (from + i) % branches.length
      if (nodes[branches[place]!.at]!.name?.toLowerCase().startsWith(text)) return go(place)
    }
  }
  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return
    const run = moves?.[event.key]
    const isLetter = event.key.length === 1 && /[\p{L}\p{N}._-]/u.test(event.key)
    if (run) run()
    else if (isLetter) find(event.key.toLowerCase(), event.timeStamp)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}

interface LineProps {
  branch: Branch
  node: Node
  top: number
  isHere: boolean
  onToggle: () => void
  onClick: () => void
  onOpen: () => void
}

function Line({ branch, node, top, isHere, onToggle, onClick, onOpen }: LineProps) {
  const { level, place, of, hasChildren, isOpen, rails } = branch
  const drawn = Math.min(level, deepest)
  const gone = goneWords(node)
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree is one tab stop and hears the keys for its lines
    <div
      role="treeitem"
      tabIndex={-1}
      id={`process-${branch.at}`}
      aria-level={level}
      aria-posinset={place}
      aria-setsize={of}
      aria-selected={isHere}
      aria-expanded={hasChildren ? isOpen : undefined}
      className={isHere ? 'pline cur' : 'pline'}
      style={{ top }}
      onClick={onClick}
      onDoubleClick={onOpen}
    >
      <span className="pname" style={{ paddingLeft: (drawn - 1) * step }}>
        {rails.slice(1, drawn).map((goesOn, i) => {
          const isElbow = i === drawn - 2
          // A span that draws nothing would still take the gap of its line.
          if (!isElbow && !goesOn) return null
          const kind = isElbow ? (goesOn ? 'prail elbow' : 'prail elbow last') : 'prail'
          return <span key={i} aria-hidden className={kind} style={{ left: i * step + 21 }} />
        })}
        <span
          aria-hidden
          className="ptoggle"
          onClick={(event) => {
            event.stopPropagation()
            if (hasChildren) onToggle()
          }}
        >
          {hasChildren && (isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />)}
        </span>
        <span className="mono b nowrap">{node.name === undefined ? 'no name' : <Evidence text={node.name} />}</span>
        <span className="mono t2 trunc" title={visible(node.command ?? '')}>
          <Evidence text={argumentsOf(node)} />
        </span>
        {gone && <span className="meta pgone">{gone}</span>}
      </span>
      <span className="mono num">{node.pid ?? '–'}</span>
      <span className="mono trunc" title={visible(node.user ?? '')}>
        <Evidence text={node.user ?? ''} />
      </span>
      <span className="mono trunc t2" title={visible(node.startText ?? '')}>
        <Evidence text={startWords(node.startText)} />
      </span>
    </div>
  )
}
