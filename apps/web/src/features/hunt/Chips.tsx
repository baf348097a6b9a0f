import { Button, Menu } from '@mantine/core'
import { IconEye, IconEyeOff, IconPlus, IconX } from '@tabler/icons-react'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { excluded, groupedBy, type Part, withoutPart } from './parts.ts'

interface ChipsProps {
  text: string
  parts: Part[]
  off: number[]
  /** Asks the changed query. */
  run: (text: string, off?: number[]) => void
  /** Puts the caret on a part of the text; without one, where the next part begins. */
  edit: (part?: Part) => void
}

/** A chip for each part of the query: the same query as in the bar, seen another way. */
export function Chips({ text, parts, off, run, edit }: ChipsProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a fieldset would bring a look and a legend of its own
    <div className="chips" role="group" aria-label="Parts">
      {parts.map((part, i) => (
        <Chip
          key={`${i} ${part.text}`}
          part={part}
          isOff={off.includes(i)}
          toggle={() => run(text, toggled(off, i))}
          edit={() => edit(part)}
          exclude={() => part.kind === 'condition' && run(excluded(text, part), off)}
          group={() => part.kind === 'condition' && part.field && run(groupedBy(text, part.field))}
          remove={() => run(withoutPart(text, part), shifted(off, i))}
        />
      ))}
      <Button variant="subtle" size="compact-xs" h={26} leftSection={<IconPlus size={13} />} onClick={() => edit()}>
        Add a part
      </Button>
    </div>
  )
}

export const toggled = (off: number[], i: number) =>
  off.includes(i) ? off.filter((one) => one !== i) : [...off, i].toSorted((a, b) => a - b)

const shifted = (off: number[], i: number) => off.filter((one) => one !== i).map((one) => (one > i ? one - 1 : one))

interface ChipProps {
  part: Part
  isOff: boolean
  toggle: () => void
  edit: () => void
  exclude: () => void
  group: () => void
  remove: () => void
}

function Chip({ part, isOff, toggle, edit, exclude, group, remove }: ChipProps) {
  const name = visible(part.text.length > 80 ? `${part.text.slice(0, 80)}…` : part.text)
  const isPipe = part.kind === 'pipe'
  return (
    <span className={`chip${isOff ? ' off' : ''}${isPipe ? ' pipe' : ''}`}>
      <button
        type="button"
        className="tog"
        aria-pressed={!isOff}
        aria-label={`${isOff ? 'Switch on' : 'Switch off'} ${name}`}
        title={isOff ? 'Off: not applied. Switch on' : 'Switch off'}
        onClick={toggle}
      >
        {isOff ? <IconEyeOff size={14} /> : <IconEye size={14} />}
      </button>
      <Menu width={220}>
        <Menu.Target>
          <button type="button" style={{ paddingLeft: 2 }} title={visible(part.text)}>
            {isPipe ? <PipeWords part={part} /> : <ConditionWords part={part} isOff={isOff} />}
          </button>
        </Menu.Target>
        <Menu.Dropdown aria-label={`Part ${name}`}>
          <Menu.Item onClick={edit}>Edit</Menu.Item>
          {!isPipe && <Menu.Item onClick={exclude}>{part.not ? 'Include' : 'Exclude'}</Menu.Item>}
          {!isPipe && part.field && (
            <Menu.Item onClick={group}>
              Group by{' '}
              <span className="mono">
                <Evidence text={part.field} />
              </span>
            </Menu.Item>
          )}
          <Menu.Item onClick={toggle}>{isOff ? 'Switch on' : 'Switch off'}</Menu.Item>
          <Menu.Item onClick={remove}>Remove</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <button type="button" className="x" aria-label={`Remove ${name}`} onClick={remove}>
        <IconX size={13} />
      </button>
    </span>
  )
}

function ConditionWords({ part, isOff }: { part: Part & { kind: 'condition' }; isOff: boolean }) {
  const { not, field, op, value } = part
  return (
    <>
      {(not || field || op) && (
        <span className="mono val trunc">
          {not && (
            <span className="not" style={isOff ? { color: 'inherit' } : {}}>
              not{' '}
            </span>
          )}
          {field ? <Evidence text={field} /> : op ? <span className="op">any field</span> : null}
        </span>
      )}
      {op && <span className="op">{op}</span>}
      {value && (
        <span className="mono val b trunc">
          <Evidence text={value} />
        </span>
      )}
    </>
  )
}

const pipeNames: Record<string, string> = {
  groupby: 'group by',
  rare: 'rarest',
  sortby: 'sort by',
  table: 'columns',
  timechart: 'over time',
}

const PipeWords = ({ part }: { part: Part & { kind: 'pipe' } }) => (
  <>
    <span className="op">{pipeNames[part.name] ?? (part.name || '|')}</span>
    {part.fields.map((field) => (
      <span key={field} className="mono val">
        <Evidence text={field} />
      </span>
    ))}
  </>
)
