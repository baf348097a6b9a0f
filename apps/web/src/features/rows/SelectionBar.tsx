import { Button } from '@mantine/core'
import type { Mark } from '@velocicompanion/api/triage/input'
import { useState } from 'react'
import { client } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { BulkProgress } from '../triage/BulkProgress.tsx'
import { MarkButtons } from '../triage/Marks.tsx'
import { CommentDialog, TagDialog } from '../triage/SayDialogs.tsx'
import type { Whole } from '../triage/useBulk.ts'
import type { GridColumn } from './columns.ts'
import { CompareRows } from './CompareRows.tsx'
import { csvOf } from './csv.ts'
import type { Row } from './RowDrawer.tsx'
import { copy } from './value-actions.ts'
import { useValues } from './Values.tsx'

const judging: Mark[] = ['seen', 'benign', 'suspicious', 'malicious']

interface SelectionBarProps {
  rows: Row[]
  columns: GridColumn<Row>[]
  /** How many are shown, of which these are selected. */
  shown: number
  selectAll: () => void
  /** All that the query finds; undefined where it can't be changed as a whole. */
  whole: Whole | undefined
  /** Whether all of that is selected. */
  isWhole: boolean
  selectWhole: () => void
  clear: () => void
  /** Undefined for who may not mark. */
  mark: ((mark: Mark) => void) | undefined
  tag: ((tag: string, on: boolean) => void) | undefined
  comment: ((text: string) => void) | undefined
}

/** In the place of the bar above the grid, as high as that. */
export function SelectionBar(props: SelectionBarProps) {
  const { rows, columns, shown, selectAll, whole, isWhole, selectWhole, clear, mark, tag, comment } = props
  const selected = isWhole && whole ? whole.total : rows.length
  const [saying, setSaying] = useState<'tag' | 'comment'>()
  return (
    <div className="rowsbar sel" role="toolbar" aria-label="Selected rows">
      <b className="b">
        {isWhole && whole
          ? `all ${whole.isExact ? '' : 'of at least '}${count(whole.total)} selected`
          : `${count(rows.length)} of ${count(shown)} shown selected`}
      </b>
      {rows.length < shown && !isWhole && (
        <Button variant="subtle" size="compact-xs" onClick={selectAll}>
          Select all {count(shown)} shown
        </Button>
      )}
      {whole && !isWhole && whole.total > shown && (
        <Button variant="subtle" size="compact-xs" onClick={selectWhole}>
          Select all {whole.isExact ? count(whole.total) : ''}
        </Button>
      )}
      <span className="vr" />
      {mark && (
        <>
          <span className="meta">Mark</span>
          <MarkButtons marks={judging} onMark={mark} />
          <span className="vr" />
        </>
      )}
      {tag && (
        <Button variant="subtle" size="compact-xs" onClick={() => setSaying('tag')}>
          Tag…
        </Button>
      )}
      {isWhole ? null : <OfRows {...{ rows, columns }} comment={comment && (() => setSaying('comment'))} />}
      <BulkProgress />
      <span className="grow" />
      <Button variant="subtle" size="compact-xs" onClick={clear}>
        Clear
      </Button>
      {saying === 'tag' && tag && <TagDialog rows={selected} say={tag} close={() => setSaying(undefined)} />}
      {saying === 'comment' && comment && (
        <CommentDialog rows={selected} say={comment} close={() => setSaying(undefined)} />
      )}
    </div>
  )
}

interface OfRowsProps {
  rows: Row[]
  columns: GridColumn<Row>[]
  comment: (() => void) | undefined
}

/** What is done to rows that are here. */
function OfRows({ rows, columns, comment }: OfRowsProps) {
  const { addRows } = useValues()
  const { copyLines, copying } = useCopyLines(rows)
  const [comparing, setComparing] = useState(false)
  return (
    <>
      {comment && (
        <Button variant="subtle" size="compact-xs" onClick={comment}>
          Comment…
        </Button>
      )}
      {addRows && (
        <Button variant="subtle" size="compact-xs" onClick={() => addRows(rows)}>
          Add to case…
        </Button>
      )}
      <Button variant="subtle" size="compact-xs" loading={copying} onClick={() => void copyLines()}>
        Copy as JSON lines
      </Button>
      <Button
        variant="subtle"
        size="compact-xs"
        onClick={() => void copy(csvOf(rows, columns), `Copied ${plural(rows.length, 'row')} as CSV.`)}
      >
        Copy as CSV
      </Button>
      {rows.length === 2 && (
        <Button variant="subtle" size="compact-xs" onClick={() => setComparing(true)}>
          Compare the two…
        </Button>
      )}
      {comparing && rows[0] && rows[1] && (
        <CompareRows left={rows[0]} right={rows[1]} close={() => setComparing(false)} />
      )}
    </>
  )
}

/** So many are asked for at a time. */
const atOnce = 6

/** Each row exactly as sent; one that came over several lines is one line, which JSON reads alike. */
function useCopyLines(rows: Row[]) {
  const tenant = useTenant()
  const [copying, setCopying] = useState(false)
  const copyLines = async () => {
    setCopying(true)
    const lines: string[] = []
    let failed = 0
    for (let at = 0; at < rows.length; at += atOnce) {
      const some = rows.slice(at, at + atOnce).map(({ id }) => client.rows.raw.query({ id, ...tenant }))
      for (const one of await Promise.allSettled(some))
        if (one.status === 'fulfilled') lines.push(one.value.replaceAll(/[\r\n]+/g, ' '))
        else failed++
    }
    setCopying(false)
    const missing = failed > 0 ? ` ${plural(failed, 'row')} could not be read as text and is not among them.` : ''
    if (lines.length === 0) toast({ text: `Nothing was copied.${missing}` })
    else
      await copy(lines.map((line) => `${line}\n`).join(''), `Copied ${plural(lines.length, 'row')} as sent.${missing}`)
  }
  return { copyLines, copying }
}
