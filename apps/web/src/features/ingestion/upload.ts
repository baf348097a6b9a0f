import { refresh } from '../../api.ts'
import { accessToken } from '../../session.ts'

interface Upload {
  file: File
  /** Empty ones are left out. */
  fields: Record<string, string>
  tenant: number | undefined
  /** From 0 to 1. */
  onProgress: (share: number) => void
  signal: AbortSignal
}

/** Sends a file for import; fetch could not say how much of it has gone. Returns the import's id. */
export async function upload(given: Upload): Promise<number> {
  const first = await send(given)
  const answer = first.status === 401 && (await refresh()) ? await send(given) : first
  if (answer.status === 202) return (JSON.parse(answer.text) as { id: number }).id
  throw new Error(detailOf(answer.text) ?? `The server answered ${answer.status}.`)
}

function detailOf(text: string) {
  try {
    return (JSON.parse(text) as { detail?: string }).detail
  } catch {
    return undefined
  }
}

function send({ file, fields, tenant, onProgress, signal }: Upload) {
  const form = new FormData()
  for (const [key, value] of Object.entries(fields)) if (value !== '') form.append(key, value)
  form.append('file', file, file.name)
  const request = new XMLHttpRequest()
  const answered = Promise.withResolvers<{ status: number; text: string }>()
  request.open('POST', '/api/ingestion/import')
  const token = accessToken.get()
  if (token) request.setRequestHeader('authorization', `Bearer ${token}`)
  if (tenant !== undefined) request.setRequestHeader('x-tenant', String(tenant))
  request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total)
  request.onload = () => answered.resolve({ status: request.status, text: request.responseText })
  request.onerror = () => answered.reject(new Error('The connection broke before the file was there. Try again.'))
  request.onabort = () => answered.reject(new Error('Stopped.'))
  signal.addEventListener('abort', () => request.abort())
  request.send(form)
  return answered.promise
}
