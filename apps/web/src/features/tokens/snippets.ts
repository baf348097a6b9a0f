/** Texts to paste into a sender, with this installation's address and the secret's name filled in. */
export interface Filling {
  publicUrl: string
  secretName: string
  /** Undefined when the token was made earlier: then its place says what to put there. */
  token: string | undefined
}

export const rowsAddress = (publicUrl: string) => `${publicUrl}/api/ingestion/rows`

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The fields of a Velociraptor secret. The token stands here once; the artifacts only name the secret. */
export const secretFields = (filling: Filling): [field: string, value: string][] => [
  ['Type', 'HTTP Secrets'],
  ['Name', filling.secretName],
  ['url_regex', `^${literal(filling.publicUrl)}/api/ingestion/`],
  ['method', 'POST'],
  ['extra_headers', `Authorization: Bearer ${filling.token ?? 'YOUR-TOKEN'}`],
]

/** An artifact's text with its parameters `Url` and `Secret` given as defaults. */
export function filledArtifact(yaml: string, { publicUrl, secretName }: Filling) {
  const withDefault = (text: string, parameter: string, value: string) =>
    text.replace(`  - name: ${parameter}\n`, () => `  - name: ${parameter}\n    default: ${JSON.stringify(value)}\n`)
  return withDefault(withDefault(yaml, 'Url', rowsAddress(publicUrl)), 'Secret', secretName)
}

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
