import { request } from 'node:http'

export interface Answer {
  /** 0 for a connection that broke, was refused or timed out. */
  status: number
  text: string
  retryAfter: number | undefined
}

interface Post {
  url: string
  method?: string
  headers: Record<string, string>
  body: string
  /** When the sender stops waiting for the answer. */
  timeoutMs?: number
  /** Breaks the connection behind this share of the body. */
  cutAt?: number | undefined
}

/** One request, as often as not over a connection of its own, which may break in the middle of the body. */
export function post({ url, method = 'POST', headers, body, timeoutMs, cutAt }: Post): Promise<Answer> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body)
    const sent = request(url, { method, agent: false, headers: { ...headers, 'content-length': bytes.length } })
    const done = (answer: Answer) => {
      clearTimeout(timer)
      resolve(answer)
    }
    const broken = () => done({ status: 0, text: '', retryAfter: undefined })
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => sent.destroy(new Error('late')), timeoutMs)
    sent.on('error', broken)
    sent.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => (text += part))
      answer.on('error', broken)
      answer.on('end', () => {
        const after = answer.headers['retry-after']
        done({ status: answer.statusCode ?? 0, text, retryAfter: after === undefined ? undefined : Number(after) })
      })
    })
    if (cutAt === undefined) sent.end(bytes)
    else sent.write(bytes.subarray(0, Math.floor(bytes.length * cutAt)), () => setTimeout(() => sent.destroy(), 20))
  })
}

/** Whether a sender that only looks for a JSON object would find one. */
export function isJsonObject(text: string) {
  try {
    const read = JSON.parse(text) as unknown
    return typeof read === 'object' && read !== null && !Array.isArray(read)
  } catch {
    return false
  }
}
