import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { trpc } from '../../api.ts'
import { Code } from '../../ui/Code.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { artifactAddress, artifactText, type ShippedArtifact } from './artifacts.ts'
import { FirstUse } from './FirstUse.tsx'
import { apiSnippet, curlSnippet, secretFields, type Filling } from './snippets.ts'
import type { MadeToken } from './TokensPage.tsx'

type Sender = ShippedArtifact | 'curl'

const senders = [
  { value: 'Feed', label: 'Velociraptor Feed' },
  { value: 'Events', label: 'Events' },
  { value: 'Backfill', label: 'Backfill' },
  { value: 'curl', label: 'curl' },
]

/** What to paste where, for one token. */
export function Snippets({ token, close }: { token: MadeToken; close: () => void }) {
  const [sender, setSender] = useState<Sender>('Feed')
  const health = trpc.health.status.useQuery()
  const isNew = token.token !== undefined
  // With a Velociraptor sender the token stands in the secret's fields, and only there.
  const inSecret = token.scope === 'ingest' && sender !== 'curl'
  return (
    <Panel
      title={isNew ? `New token: ${token.name}` : `Snippets: ${token.name}`}
      count={isNew ? 'shown once' : 'the token itself is not kept'}
      actions={
        <Button variant="subtle" onClick={close}>
          {isNew ? 'Done, hide it' : 'Close'}
        </Button>
      }
      pad
    >
      <div className="col g12">
        <div className="row g12 wrap" style={{ alignItems: 'flex-end' }}>
          {token.scope === 'ingest' && (
            <div>
              <div className="meta" style={{ marginBottom: 4 }}>
                How it sends
              </div>
              <SegmentedControl
                aria-label="How it sends"
                data={senders}
                value={sender}
                onChange={(value) => setSender(value as Sender)}
              />
            </div>
          )}
          {isNew && !inSecret && <TokenField token={token.token!} />}
        </div>
        <Loaded query={health}>
          {({ publicUrl }) => <Steps token={token} sender={sender} filling={{ publicUrl, token: token.token }} />}
        </Loaded>
      </div>
    </Panel>
  )
}

const TokenField = ({ token }: { token: string }) => (
  <TextInput
    label="Token"
    description="Set it as VC_TOKEN in the shell that runs the command."
    className="grow"
    readOnly
    value={token}
    styles={{ input: { fontFamily: 'var(--vc-mono)' } }}
    onFocus={(e) => e.currentTarget.select()}
    rightSection={<Copy text={token} label="Copy the token" />}
  />
)

function Steps({ token, sender, filling }: { token: MadeToken; sender: Sender; filling: Filling }) {
  if (token.scope === 'api') return <Code text={apiSnippet(filling)} label="the command" />
  if (sender === 'curl') {
    return (
      <>
        <Code text={curlSnippet(filling)} label="the command" />
        <FirstUse token={token} />
      </>
    )
  }
  return (
    <div className="grid" style={{ gridTemplateColumns: 'minmax(0, 1fr) 320px' }}>
      <ArtifactSnippet name={sender} />
      <ol className="steps">
        <Step n={1} title="Store the token">
          In the org’s GUI, Secrets, add one with these fields, and share it with{' '}
          {sender === 'Backfill' ? 'the user who runs the artifact' : 'the user VelociraptorServer'}.
          <SecretFields filling={filling} />
        </Step>
        <Step n={2} title="Add the artifact">
          {howToAdd[sender]}
        </Step>
        <Step n={3} title="See the first row">
          This turns green when it arrives.
          <FirstUse token={token} />
        </Step>
      </ol>
    </div>
  )
}

const howToAdd: Record<ShippedArtifact, string> = {
  Feed: 'Paste the text as a new artifact, and add it to the org’s server event monitoring. Its parameters are filled in.',
  Events:
    'Paste the text as a new artifact, and add it to the org’s server event monitoring. Name what it sends in Artifacts (.+ for all) and ServerArtifacts: it sends nothing else. It needs the Feed artifact too.',
  Backfill:
    'Paste the text as a new artifact, and collect it on the server once: it sends what was collected before. Its export needs the Feed artifact too.',
}

const Step = ({ n, title, children }: { n: number; title: string; children: ReactNode }) => (
  <li>
    <span className="stepno" aria-hidden>
      {n}
    </span>
    <div className="grow">
      <b className="b">{title}</b>
      <div className="t2">{children}</div>
    </div>
  </li>
)

const SecretFields = ({ filling }: { filling: Filling }) => (
  <dl className="secretfields">
    {secretFields(filling).map(([field, value]) => (
      <div key={field}>
        <dt className="mono">{field}</dt>
        <dd>
          <span className="mono grow">{value}</span>
          <Copy text={value} label={`Copy ${field}`} />
        </dd>
      </div>
    ))}
  </dl>
)

function ArtifactSnippet({ name }: { name: ShippedArtifact }) {
  const artifact = useQuery({
    queryKey: ['shipped artifact', name],
    queryFn: () => artifactText(name),
    staleTime: Infinity,
  })
  return (
    <div className="col" style={{ minWidth: 0 }}>
      <Loaded query={artifact}>
        {(text) => (
          <>
            <Code text={text} label={`the ${name} artifact`} maxHeight={420} />
            <div className="row">
              <Button
                component="a"
                variant="default"
                leftSection={<IconDownload size={15} />}
                href={artifactAddress(name)}
                download={`Custom.VelociCompanion.${name}.yaml`}
              >
                Save as a file
              </Button>
              <span className="meta">The token is not in it: it only names the secret.</span>
            </div>
          </>
        )}
      </Loaded>
    </div>
  )
}
