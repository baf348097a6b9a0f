import type { Outputs } from '../../api.ts'

type TestRequest = Outputs['ingestion']['testRow']

const authorization = (scheme: TestRequest['scheme'], token: string) =>
  scheme === 'Basic' ? `Basic ${btoa(`velociraptor:${token}`)}` : `${scheme} ${token}`

/** Sends the row as the sender itself would. Returns what the server said where it refused. */
export async function sendTest({ method, path, scheme, headers, body }: TestRequest, token: string) {
  const answer = await fetch(path, {
    method,
    headers: { ...headers, Authorization: authorization(scheme, token) },
    body,
    credentials: 'omit',
  })
  return answer.ok ? undefined : `${answer.status}: ${(await answer.text()).slice(0, 300)}`
}

/** Within single quotes of a POSIX shell, for printf: line ends are the sender's own. */
const forPrintf = (text: string) =>
  `'${text
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll("'", `'\\''`)}'`

/** The same request as a command, for who has the token. */
export function testCommand({ method, path, scheme, headers, body }: TestRequest, publicUrl: string) {
  const credential = scheme === 'Basic' ? '-u "velociraptor:$VC_TOKEN"' : `-H "Authorization: ${scheme} $VC_TOKEN"`
  return [
    `printf ${forPrintf(body)} |`,
    `curl -sS -X ${method} '${publicUrl}${path}' ${credential} \\`,
    ...Object.entries(headers).map(([name, value]) => `  -H '${name}: ${value}' \\`),
    '  --data-binary @-',
  ].join('\n')
}
