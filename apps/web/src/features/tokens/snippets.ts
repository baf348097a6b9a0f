/** What the texts to paste into a sender are filled with. */
export interface Filling {
  publicUrl: string
  /** Undefined when the token was made earlier: then its place says what to put there. */
  token: string | undefined
}

/** The name that the served artifacts give as default of their parameter `Secret`. */
export const secretName = 'velocicompanion'

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The fields of a Velociraptor secret. The token stands here once; the artifacts only name the secret. */
export const secretFields = (filling: Filling): [field: string, value: string][] => [
  ['Type', 'HTTP Secrets'],
  ['Name', secretName],
  ['url_regex', `^${literal(filling.publicUrl)}/api/ingestion/rows$`],
  ['method', 'POST'],
  ['extra_headers', `Authorization: Bearer ${filling.token ?? 'YOUR-TOKEN'}`],
]

/** Quoted for a POSIX shell. The token stays out of the command line, where other users and the history would see it. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const bearer = '  -H "Authorization: Bearer $VC_TOKEN"'

export const curlSnippet = ({ publicUrl }: Filling) =>
  [
    `curl -sS ${quoted(`${publicUrl}/api/ingestion/ingest`)} \\`,
    `${bearer} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"hostname":"web-01","data":[{"Name":"sshd","Pid":884}]}'`,
  ].join('\n')

export const apiSnippet = ({ publicUrl }: Filling) =>
  [`curl -sS ${quoted(`${publicUrl}/api/hosts`)} \\`, bearer].join('\n')
