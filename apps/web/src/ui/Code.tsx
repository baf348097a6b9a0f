import { Copy } from './Copy.tsx'

/** A snippet to paste, copied whole. */
export function Code({ text, label, maxHeight }: { text: string; label: string; maxHeight?: number }) {
  return (
    <div style={{ position: 'relative' }}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role -- what scrolls must be reached by key, and named */}
      <pre className="code" tabIndex={0} role="group" aria-label={label} style={{ maxHeight, overflow: 'auto' }}>
        {text}
      </pre>
      <div className="codecopy">
        <Copy text={text} label={`Copy ${label}`} />
      </div>
    </div>
  )
}
