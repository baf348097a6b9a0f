import { secretFields, type Filling } from './snippets.ts'

export type Kind = 'feed' | 'events' | 'elastic' | 'splunk' | 'logscale' | 'webdav' | 'import' | 'ingest'

export interface Setup {
  label: string
  group: 'Ours' | 'Built into Velociraptor' | 'Files and scripts'
  /** As which kind of sender it is listed, and a test row of it is made. */
  kind: Kind
  steps: { title: string; text: string }[]
  /** Parameters to fill in, exactly as the artifact names them. The token is in one of them, or in the secret's fields. */
  fields?: (filling: Filling) => [name: string, value: string][]
  /** A command or VQL to paste; never with the token. */
  code?: (filling: Filling) => string
  /** What is lost while this server does not answer. */
  away: string
  traps: string[]
}

const token = ({ token: known }: Filling) => known ?? 'YOUR-TOKEN'
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const vql = (text: string) => JSON.stringify(text)

const ownTraps = [
  'Every edit of an org’s server event table restarts all its server event queries; what was under way is sent again, and is known here by its row numbers.',
]
const clear =
  'The token is a parameter here, and Velociraptor writes parameters of server events in clear to Server.Audit.Logs. Whoever reads that log can send; a sending token can read nothing.'
const noNumbers =
  'It sends no row numbers and no totals: nobody can say whether all rows came. With the Feed beside it, its rows give way to the numbered ones.'

const ours = (group: 'Ours', kind: Kind, label: string): Pick<Setup, 'group' | 'kind' | 'label' | 'fields'> => ({
  group,
  kind,
  label,
  fields: secretFields,
})

/** By the name that stands in the address. */
export const setups: Record<string, Setup> = {
  Feed: {
    ...ours('Ours', 'feed', 'Feed: every finished flow'),
    steps: [
      {
        title: 'Store the token',
        text: 'In the org’s GUI, Secrets, add one with these fields, and share it with the user VelociraptorServer.',
      },
      {
        title: 'Add the artifact',
        text: 'Paste the text as a new artifact, and add it to the org’s server event monitoring. Its parameters are filled in.',
      },
    ],
    away: 'Nothing: it waits, sends again, and lists its flows every ten minutes, so that missing ones are fetched.',
    traps: ownTraps,
  },
  Events: {
    ...ours('Ours', 'events', 'Events: client and server events'),
    steps: [
      {
        title: 'Store the token',
        text: 'In the org’s GUI, Secrets, add one with these fields, and share it with the user VelociraptorServer.',
      },
      {
        title: 'Add the artifact',
        text: 'Paste the text as a new artifact, and add it to the org’s server event monitoring. Name what it sends in Artifacts (.+ for all) and ServerArtifacts: it sends nothing else. It needs the Feed artifact too.',
      },
    ],
    away: 'Nothing, as far back as CatchUpHours (72): it reads Velociraptor’s own day files and goes on where it was.',
    traps: ownTraps,
  },
  Backfill: {
    ...ours('Ours', 'feed', 'Backfill: what was collected before'),
    steps: [
      {
        title: 'Store the token',
        text: 'In the org’s GUI, Secrets, add one with these fields, and share it with the user who runs the artifact.',
      },
      {
        title: 'Collect the artifact',
        text: 'Paste the text as a new artifact, and collect it on the server once: it sends what was collected before. Its export needs the Feed artifact too.',
      },
    ],
    away: 'Nothing: it waits and sends again; collected once more, it sends all of it, and what is here already is known.',
    traps: [],
  },
  ElasticFlows: {
    group: 'Built into Velociraptor',
    kind: 'elastic',
    label: 'Elastic.Flows.Upload',
    steps: [
      { title: 'Add the artifact', text: 'Add Elastic.Flows.Upload to the org’s server event monitoring.' },
      {
        title: 'Fill in its parameters',
        text: 'Leave CloudID empty. RootCA takes your own CA, where the address has one.',
      },
    ],
    fields: (f) => [
      ['elasticAddresses', `${f.publicUrl}/api/ingestion/elastic`],
      ['APIKey', token(f)],
      ['ArtifactNameRegex', '.'],
    ],
    away: 'It keeps its rows and sends them every 2 seconds. They are lost when the server event table is edited, or Velociraptor restarts, before they were taken.',
    traps: [
      noNumbers,
      clear,
      'A row with a column _value of its own arrives with a wrong Artifact; it is named by its index here.',
    ],
  },
  ElasticEvents: {
    group: 'Built into Velociraptor',
    kind: 'elastic',
    label: 'Elastic.Events.Upload (Elastic.Events.Clients)',
    steps: [
      {
        title: 'Add the artifact',
        text: 'Add Elastic.Events.Upload to the org’s server event monitoring; the artifacts that it watches must be collected as client or server events.',
      },
      {
        title: 'Fill in its parameters',
        text: 'ElasticAddresses begins with a capital letter here. Choose what it watches.',
      },
    ],
    fields: (f) => [
      ['ElasticAddresses', `${f.publicUrl}/api/ingestion/elastic`],
      ['APIKey', token(f)],
      ['ClientArtifactsToWatch', 'the client events to send'],
      ['ServerArtifactsToWatch', 'the server events to send'],
    ],
    away: 'It keeps its rows and sends them every 2 seconds. They are lost when the server event table is edited, or Velociraptor restarts, before they were taken; events of that time are not sent later.',
    traps: [
      noNumbers,
      clear,
      'The older Elastic.Events.Clients has no parameter for a credential: use the Events artifact there.',
    ],
  },
  SplunkFlows: {
    group: 'Built into Velociraptor',
    kind: 'splunk',
    label: 'Splunk.Flows.Upload',
    steps: [
      { title: 'Add the artifact', text: 'Add Splunk.Flows.Upload to the org’s server event monitoring.' },
      {
        title: 'Fill in its parameters',
        text: 'The index must not be empty; it is not looked at. RootCerts takes your own CA, where the address has one.',
      },
    ],
    fields: (f) => [
      ['url', `${f.publicUrl}/api/ingestion/splunk/services/collector`],
      ['token', token(f)],
      ['index', 'velociraptor'],
      ['HostnameField', 'ClientId'],
      ['TimestampField', 'timestamp'],
      ['ArtifactNameRegex', '.'],
    ],
    away: 'It tries a batch four times within 14 seconds; then those rows are lost.',
    traps: [
      noNumbers,
      clear,
      'Leave HostnameField and TimestampField as they are: it drops a whole batch when the first is missing in a row, and the row when the second is.',
    ],
  },
  LogScaleFlows: {
    group: 'Built into Velociraptor',
    kind: 'logscale',
    label: 'LogScale.Flows.Upload',
    steps: [
      { title: 'Add the artifact', text: 'Add LogScale.Flows.Upload to the org’s server event monitoring.' },
      {
        title: 'Fill in its parameters',
        text: 'tagFields must not be empty: with its default the artifact never starts (“Empty column name is not valid”).',
      },
    ],
    fields: (f) => [
      ['ingestApiBase', `${f.publicUrl}/api/ingestion/logscale`],
      ['ingestToken', token(f)],
      ['tagFields', 'FlowId=flow'],
      ['ArtifactNameRegex', '.'],
    ],
    away: 'It waits as long as it is told to, and sends again. Rows that were not taken are lost when the server event table is edited or Velociraptor restarts.',
    traps: [
      noNumbers,
      clear,
      'It has no parameter for a CA of your own: the system of the Velociraptor server must trust the address.',
    ],
  },
  WebDAV: {
    group: 'Files and scripts',
    kind: 'webdav',
    label: 'WebDAV: offline collectors, upload_webdav()',
    steps: [
      {
        title: 'Give it the address',
        text: 'An offline collector with a WebDAV target, or upload_webdav(), takes these: the name of the file is added to the address.',
      },
      {
        title: 'Look at the import',
        text: 'Each file becomes an import on the ingestion page, which says what went in.',
      },
    ],
    fields: (f) => [
      ['url', `${f.publicUrl}/api/ingestion/webdav`],
      ['basic_auth_user', 'velociraptor'],
      ['basic_auth_password', token(f)],
    ],
    code: (f) =>
      [
        'SELECT upload_webdav(file=OSPath, name=OSPath.Basename,',
        `  url=${vql(`${f.publicUrl}/api/ingestion/webdav`)},`,
        '  basic_auth_user="velociraptor", basic_auth_password=Token)',
        'FROM glob(globs="/tmp/Collection-*.zip")',
      ].join('\n'),
    away: 'Its files: it does not look at the answer. Keep the collector’s own zip until the import is here.',
    traps: [
      'A token in a collector can be read by whoever has the collector. It can only add rows; make one for each collector, and let it end.',
    ],
  },
  Import: {
    group: 'Files and scripts',
    kind: 'import',
    label: 'A file: collector zip, export, CSV, JSON',
    steps: [
      {
        title: 'Set the token',
        text: 'Set it as VC_TOKEN in the shell that runs the command, so that it stands in no history.',
      },
      {
        title: 'Send the file',
        text: 'The answer names the import; the ingestion page says what went in. A person can also use Import there.',
      },
    ],
    code: ({ publicUrl }) =>
      [
        `curl -sS ${quoted(`${publicUrl}/api/ingestion/import`)} \\`,
        '  -H "Authorization: Bearer $VC_TOKEN" \\',
        '  -F file=@Collection-ws-01.zip',
        '# locked with a password: -F password=…    with X509: -F private_key=@key.pem',
      ].join('\n'),
    away: 'Nothing: the file stays where it is. Send it again; what is here already is known.',
    traps: [],
  },
}
