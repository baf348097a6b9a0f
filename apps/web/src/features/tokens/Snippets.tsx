import { Button, Select, TextInput } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { trpc } from '../../api.ts'
import { Code } from '../../ui/Code.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { artifactAddress, artifactText, type ShippedArtifact } from './artifacts.ts'
import { FirstUse } from './FirstUse.tsx'
import { setups, type Setup } from './setups.ts'
import { apiSnippet, curlSnippet, type Filling } from './snippets.ts'
import { TestRow } from './TestRow.tsx'
import type { MadeToken } from './TokensPage.tsx'

const groups = ['Ours', 'Built into Velociraptor', 'Files and scripts'] as const
const choices = groups.map((group) => ({
  group,
  items: [
    ...Object.entries(setups)
      .filter(([, setup]) => setup.group === group)
      .map(([value, { label }]) => ({ value, label })),
    ...(group === 'Files and scripts' ? [{ value: 'curl', label: 'curl: one JSON document' }] : []),
  ],
}))

interface SnippetsProps {
  token: MadeToken
  /** What sends, by its name in the address. */
  sender: string | undefined
  choose: (sender: string) => void
  close: () => void
}

/** What to paste where, for one token. */
export function Snippets({ token, sender: named, choose, close }: SnippetsProps) {
  const sender = named === 'curl' || (named !== undefined && Object.hasOwn(setups, named)) ? named : 'Feed'
  const health = trpc.health.status.useQuery()
  const isNew = token.token !== undefined
  // Where it stands in the fields to fill in, it stands there and only there.
  const inFields = token.scope === 'ingest' && setups[sender]?.fields !== undefined
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
            <Select
              label="How it sends"
              data={choices}
              value={sender}
              allowDeselect={false}
              onChange={(value) => value !== null && choose(value)}
              style={{ width: 330 }}
            />
          )}
          {isNew && !inFields && <TokenField token={token.token!} />}
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

function Steps({ token, sender, filling }: { token: MadeToken; sender: string; filling: Filling }) {
  if (token.scope === 'api') return <Code text={apiSnippet(filling)} label="the command" />
  const setup = setups[sender]
  if (!setup) {
    return (
      <>
        <Code text={curlSnippet(filling)} label="the command" />
        <FirstUse token={token} />
        <TestRow key={sender} token={token} kind="ingest" publicUrl={filling.publicUrl} />
      </>
    )
  }
  const fields = setup.fields?.(filling)
  return (
    <div className="grid setup">
      <div className="col g12" style={{ minWidth: 0 }}>
        {isShipped(sender) && <ArtifactSnippet name={sender} />}
        {!isShipped(sender) && fields && <Fields fields={fields} />}
        {setup.code && <Code text={setup.code(filling)} label={`the text for ${setup.label}`} />}
        <Traps setup={setup} />
      </div>
      <ol className="steps">
        {setup.steps.map(({ title, text }, i) => (
          <Step key={title} n={i + 1} title={title}>
            {text}
            {i === 0 && isShipped(sender) && fields && <Fields fields={fields} />}
          </Step>
        ))}
        <Step n={setup.steps.length + 1} title="See the first row">
          This turns green when it arrives.
          <FirstUse token={token} />
        </Step>
        <Step n={setup.steps.length + 2} title="Or try the way with a test row">
          <TestRow key={sender} token={token} kind={setup.kind} publicUrl={filling.publicUrl} />
        </Step>
      </ol>
    </div>
  )
}

const isShipped = (sender: string): sender is ShippedArtifact => ['Feed', 'Events', 'Backfill'].includes(sender)

/** What it costs to send in this way. */
const Traps = ({ setup: { away, traps } }: { setup: Setup }) => (
  <Facts
    facts={[
      ['Lost while we are away', away],
      [
        'To know',
        traps.length === 0 ? undefined : (
          <ul className="traps">
            {traps.map((trap) => (
              <li key={trap}>{trap}</li>
            ))}
          </ul>
        ),
      ],
    ]}
  />
)

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

const Fields = ({ fields }: { fields: [name: string, value: string][] }) => (
  <dl className="secretfields">
    {fields.map(([field, value]) => (
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
