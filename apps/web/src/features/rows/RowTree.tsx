import { IconChevronDown, IconChevronRight, IconSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useState } from 'react'
import { plural } from '../../lib/format.ts'
import { Copy } from '../../ui/Copy.tsx'
import { Evidence } from '../../ui/evidence.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Node } from './tree.ts'

const most = 500

/** A whole row in its own order. Each value can be copied, and searched for exactly. */
export const RowTree = ({ node }: { node: Node }) => (
  <div className="tree">
    {node.kind === 'object' || node.kind === 'array' ? (
      <Children node={node} depth={0} />
    ) : (
      <Leaf name="" node={node} depth={0} />
    )}
  </div>
)

type Branch = Extract<Node, { kind: 'object' | 'array' }>

const entriesOf = (node: Branch): [string, Node][] =>
  node.kind === 'object' ? node.entries : node.items.map((item, i) => [String(i), item])

function Children({ node, depth }: { node: Branch; depth: number }) {
  const entries = entriesOf(node)
  const [shown, setShown] = useState(most)
  return (
    <>
      {entries
        .slice(0, shown)
        .map(([key, value], i) =>
          (value.kind === 'object' || value.kind === 'array') && entriesOf(value).length > 0 ? (
            <Fold key={i} name={key} node={value} depth={depth} />
          ) : (
            <Leaf key={i} name={key} node={value} depth={depth} />
          ),
        )}
      {shown < entries.length && (
        <button type="button" className="linkbutton" onClick={() => setShown(shown + most)}>
          Show more of {plural(entries.length, 'entry', 'entries')}
        </button>
      )}
    </>
  )
}

function Fold({ name, node, depth }: { name: string; node: Branch; depth: number }) {
  const [open, setOpen] = useState(depth < 4)
  const size = entriesOf(node).length
  return (
    <>
      <div className="tr">
        <div className="k" style={{ paddingLeft: depth * 14 }}>
          <button
            type="button"
            aria-expanded={open}
            aria-label={`${open ? 'Close' : 'Open'} field`}
            onClick={() => setOpen(!open)}
          >
            {open ? <IconChevronDown size={12} aria-hidden /> : <IconChevronRight size={12} aria-hidden />}
          </button>
          <Mono value={name} />
        </div>
        <div className="val t3">{node.kind === 'object' ? plural(size, 'field') : plural(size, 'item')}</div>
      </div>
      {open && <Children node={node} depth={depth + 1} />}
    </>
  )
}

function textOf(node: Node) {
  if (node.kind === 'text') return node.value
  if (node.kind === 'plain') return node.text
  return node.kind === 'object' ? '{}' : '[]'
}

function Leaf({ name, node, depth }: { name: string; node: Node; depth: number }) {
  const text = textOf(node)
  const searchable = text !== '' && (node.kind === 'text' || (node.kind === 'plain' && text !== 'null'))
  return (
    <div className="tr">
      <div className="k" style={{ paddingLeft: depth * 14 }}>
        <span className="sp" />
        <Mono value={name} />
      </div>
      <div className={`val mono ${node.kind === 'plain' && text === 'null' ? 'absent' : ''}`}>
        {node.kind === 'text' && text === '' ? <span className="absent">""</span> : <Evidence text={text} />}
      </div>
      <div className="acts">
        {searchable && (
          <Link
            className="iconbtn"
            to="/rows"
            search={{ q: quoteValue(text) }}
            aria-label="Search for this value everywhere"
          >
            <IconSearch size={14} />
          </Link>
        )}
        <Copy text={text} label="Copy value" />
      </div>
    </div>
  )
}
