import { keepPreviousData } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { useOneTenant } from '../../lib/tenant.ts'

export type Preview = Outputs['ingestion']['previewCsv']
export type Mapping = Preview['mapping']

const startBytes = 48 * 1024

export const isCsv = (file: File | null): file is File => file !== null && /\.(csv|tsv)$/i.test(file.name)

/** What the server makes of the first rows of a CSV, by `mapping` or by what was said of its header before. */
export function usePreview(file: File | null, hostname: string, mapping: Mapping | undefined) {
  const [read, setRead] = useState<{ file: File; start: string }>()
  useEffect(() => {
    let gone = false
    if (isCsv(file))
      void startOf(file).then((start) => {
        if (!gone) setRead({ file, start })
      })
    return () => {
      gone = true
    }
  }, [file])
  const stem = file?.name.replace(/\.[^.]+$/, '') ?? ''
  const ready = isCsv(file) && read?.file === file && read.start !== ''
  return trpc.ingestion.previewCsv.useQuery(
    {
      ...useOneTenant(),
      start: read?.start ?? '',
      whole: (file?.size ?? 0) <= startBytes,
      hostname: hostname || stem,
      source: stem,
      mapping,
    },
    { enabled: ready, placeholderData: keepPreviousData },
  )
}

async function startOf(file: File) {
  const bytes = new Uint8Array(await file.slice(0, startBytes).arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
