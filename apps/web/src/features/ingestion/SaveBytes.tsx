import { useMutation } from '@tanstack/react-query'
import { client } from '../../api.ts'
import { sentence } from '../../lib/problem.ts'
import { toast } from '../../ui/toast.tsx'
import { bytesOf } from './bytes.ts'

interface SaveBytesProps {
  id: number
  tenantId: number
  byteLength: number
}

/** The line exactly as it arrived, as a file. Large ones come in parts. */
export function SaveBytes({ id, tenantId, byteLength }: SaveBytesProps) {
  const save = useMutation({
    mutationFn: async () => {
      const parts: Uint8Array<ArrayBuffer>[] = []
      for (let part = 0, all = 1; part < all; part++) {
        const { bytes, parts: n } = await client.ingestion.rejectedPart.query({ tenant: tenantId, id, part })
        parts.push(bytesOf(bytes))
        all = n ?? 1
      }
      const blob = new Blob(parts, { type: 'application/octet-stream' })
      if (blob.size !== byteLength) throw new Error(`${blob.size} bytes came instead of ${byteLength}`)
      const url = URL.createObjectURL(blob)
      Object.assign(document.createElement('a'), { href: url, download: `set-aside-${id}.bin` }).click()
      URL.revokeObjectURL(url)
    },
    onError: (error) => toast({ text: `The bytes were not saved. ${sentence(error)}` }),
  })
  return (
    <button
      type="button"
      className="linkbutton"
      disabled={save.isPending}
      aria-label={`Save bytes of line ${id}`}
      onClick={() => save.mutate()}
    >
      Save bytes
    </button>
  )
}
