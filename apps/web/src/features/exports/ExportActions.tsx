import { useClosing, useSaving } from './useExport.ts'
import { type Export, formatName, isOpen } from './words.ts'

/** What can be done with an export: save what there is, stop it, remove its file. */
export function ExportActions({ row }: { row: Export }) {
  const saving = useSaving(row.id)
  const { cancel, remove } = useClosing()
  const of = `${formatName[row.format]} export ${row.id}`
  return (
    <span className="row g12" style={{ justifyContent: 'flex-end' }}>
      {row.state === 'done' && (
        <button
          type="button"
          className="linkbutton"
          aria-label={`Save ${of}`}
          disabled={saving.isPending}
          onClick={() => saving.mutate()}
        >
          Save
        </button>
      )}
      {row.state === 'done' && (
        <button
          type="button"
          className="linkbutton"
          aria-label={`Remove the file of ${of}`}
          disabled={remove.isPending}
          onClick={() => remove.mutate({ id: row.id })}
        >
          Remove
        </button>
      )}
      {isOpen(row) && (
        <button
          type="button"
          className="linkbutton"
          aria-label={`Cancel ${of}`}
          disabled={cancel.isPending}
          onClick={() => cancel.mutate({ id: row.id })}
        >
          Cancel
        </button>
      )}
    </span>
  )
}
