import { IconChevronDown, IconChevronRight, IconDots } from '@tabler/icons-react'
import { writeField } from '@velocicompanion/api/rows/input'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { count, plural } from '../../lib/format.ts'
import { Mono } from '../../ui/Value.tsx'
import { visible } from '../../ui/evidence.tsx'
import { type AskedValue, type RowOfValue, textOf } from './asked.ts'
import { leafValue, type Node } from './tree.ts'
import { useValues, Value } from './Values.tsx'
import type { ActionId } from './value-actions.ts'
import { actionIcons } from './ValueMenu.tsx'

const most = 500
/** What is beyond it is drawn so many lines at a time, when they come near. */
const some = 100
const lineHeight = 24
/** So much of a value stands here before it is asked for: a megabyte of text would make each movement slow. */
const longest = 4000

interface RowTreeProps {
  node: Node
  row: RowOfValue
}

/** A whole row in its own order. Each value has its menu, its letters, and what is done most often at the line's end. */
export const RowTree = ({ node, row }: RowTreeProps) => (
  <div className="tree">
    {node.kind === 'object' || node.kind === 'array' ? (
      <Children node={node} row={row} path={[]} depth={0} />
    ) : (
      <Leaf name="" node={node} row={row} path={[]} depth={0} />
    )}
  </div>
)

type Branch = Extract<Node, { kind: 'object' | 'array' }>

interface PlacedProps {
  row: RowOfValue
  /** The keys that lead here; an array's elements are values of its own field. */
  path: string[]
  depth: number
}

const entriesOf = (node: Branch): [string, Node][] =>
  node.kind === 'object' ? node.entries : node.items.map((item, i) => [String(i), item])

function Children({ node, row, path, depth }: PlacedProps & { node: Branch }) {
  const entries = entriesOf(node)
  const [shown, setShown] = useState(most)
  const line = ([key, value]: [string, Node], i: number) => {
    const place = { row, depth, name: key, path: node.kind === 'object' ? [...path, key] : path }
    return (value.kind === 'object' || value.kind === 'array') && entriesOf(value).length > 0 ? (
      <Fold key={i} {...place} node={value} />
    ) : (
      <Leaf key={i} {...place} node={value} />
    )
  }
  return (
    <>
      {entries.slice(0, most).map(line)}
      {Array.from({ length: Math.ceil((Math.min(shown, entries.length) - most) / some) }, (_, i) => {
        const from = most + i * some
        const of = entries.slice(from, Math.min(shown, from + some))
        return (
          <Later key={from} lines={of.length}>
            {() => of.map(line)}
          </Later>
        )
      })}
      {shown < entries.length && (
        <p className="row g4 meta" style={{ padding: '2px 14px' }}>
          {count(shown)} of {plural(entries.length, 'entry', 'entries')} shown
          <button type="button" className="linkbutton" onClick={() => setShown(shown + most)}>
            Show {count(Math.min(most, entries.length - shown))} more
          </button>
          <button type="button" className="linkbutton" onClick={() => setShown(entries.length)}>
            Show all
          </button>
        </p>
      )}
    </>
  )
}

/** Lines in the place of which there is only their height until they come near: thousands are not drawn at once. */
function Later({ lines, children }: { lines: number; children: () => ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    if (isNear || !place.current) return
    const watch = new IntersectionObserver(([seen]) => seen?.isIntersecting && setNear(true), { rootMargin: '800px' })
    watch.observe(place.current)
    return () => watch.disconnect()
  }, [isNear])
  return isNear ? children() : <div ref={place} className="later" style={{ height: lines * lineHeight }} />
}

interface NamedProps extends PlacedProps {
  name: string
}

function Fold({ name, node, row, path, depth }: NamedProps & { node: Branch }) {
  const [open, setOpen] = useState(depth < 4)
  const size = entriesOf(node).length
  return (
    <>
      <div className="tr">
        <div className="k" style={{ paddingLeft: depth * 14 }}>
          <button
            type="button"
            aria-expanded={open}
            aria-label={`${open ? 'Close' : 'Open'} field ${visible(name)}`}
            onClick={() => setOpen(!open)}
          >
            {open ? <IconChevronDown size={12} aria-hidden /> : <IconChevronRight size={12} aria-hidden />}
          </button>
          <Mono value={name} />
        </div>
        <div className="val t3">{node.kind === 'object' ? plural(size, 'field') : plural(size, 'item')}</div>
      </div>
      {open && <Children node={node} row={row} path={path} depth={depth + 1} />}
    </>
  )
}

function Leaf({ name, node, row, path, depth }: NamedProps & { node: Node }) {
  const [whole, setWhole] = useState(false)
  // Hundreds of lines with ten buttons each would make the drawer slow, and one line is acted on at a time.
  const [isNear, setNear] = useState(false)
  const isBranch = node.kind === 'object' || node.kind === 'array'
  const value = leafValue(node)
  const shownName = visible(path.join('.')) || 'Row'
  const asked: AskedValue = { field: path.length > 0 ? writeField(path) : undefined, name: shownName, value, row }
  const { length } = textOf(value)
  return (
    <div
      className="tr"
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocus={() => setNear(true)}
    >
      <div className="k" style={{ paddingLeft: depth * 14 }}>
        <span className="sp" />
        <Mono value={name} />
      </div>
      <div className="val mono">
        {isBranch ? (
          <span className="t3">{node.kind === 'object' ? '{}' : '[]'}</span>
        ) : (
          <Value {...asked} most={whole ? length : longest} />
        )}
        {!whole && length > longest && (
          <button type="button" className="linkbutton" onClick={() => setWhole(true)}>
            Show all {count(length)} characters
          </button>
        )}
      </div>
      {!isBranch && isNear && <QuickActions asked={asked} />}
    </div>
  )
}

/** In the menu alone, so that the line's value stays readable beside the rest. */
const rarely = new Set<ActionId>(['processes', 'defanged'])

/** For the mouse; the value beside it has the same by key. */
function QuickActions({ asked }: { asked: AskedValue }) {
  const { actions, open } = useValues()
  return (
    <div className="acts">
      {actions(asked)
        .filter(({ id }) => !rarely.has(id))
        .map(({ id, label, run }) => {
          const Icon = actionIcons[id]
          return (
            <button
              key={id}
              type="button"
              tabIndex={-1}
              className="iconbtn"
              aria-label={`${label}: ${asked.name}`}
              title={label}
              onClick={run}
            >
              <Icon size={14} stroke={1.7} />
            </button>
          )
        })}
      <button
        type="button"
        tabIndex={-1}
        className="iconbtn"
        aria-label={`More: ${asked.name}`}
        title="More"
        onClick={(event) => open(asked, event.currentTarget.getBoundingClientRect())}
      >
        <IconDots size={14} />
      </button>
    </div>
  )
}
