import { callerOf, type Deps } from './people.ts'
import { story, storyHashes } from './story.ts'

type Cases = ReturnType<typeof callerOf>['cases']
type Artifacts = ReturnType<typeof callerOf>['artifacts']
type NewArtifact = Omit<Parameters<Artifacts['create']>[0], 'caseId' | 'tenant'>
type NewCase = Omit<Parameters<Cases['create']>[0], 'tenant'> & { by: string; artifacts: NewArtifact[] }

const { loader, store } = story

/** The team's work so far. The last one is made last: it tells that the demo is complete. */
const cases: NewCase[] = [
  {
    by: 'noah.analyst',
    title: 'Loader on nwc-ws-07, spreading to the file server',
    severity: 'critical',
    status: 'investigating',
    description: [
      'nwc-ws-07 opened an invoice with macros; PowerShell fetched a library that rundll32 loads at each sign-in.',
      'The account svc_backup was then used from there on nwc-dc-01 and nwc-fs-01, where rclone is copying D:\\Shares\\Patients.',
      '',
      'Open: is nwc-ws-12 the only other workstation?',
    ].join('\n'),
    artifacts: [
      { artifactType: 'ip', value: loader.ip, description: 'rundll32 talks to it every hour' },
      { artifactType: 'domain', value: loader.name },
      { artifactType: 'sha256', value: storyHashes.dll.SHA256, description: 'syncsvc.dll' },
      { artifactType: 'file_path', value: story.dll },
      { artifactType: 'user', value: story.account, description: '14 failed sign-ins, then a good one' },
      { artifactType: 'ip', value: store.ip, description: 'target of rclone' },
      { artifactType: 'sha256', value: storyHashes.rclone.SHA256, description: 'rclone.exe in PerfLogs' },
    ],
  },
  {
    by: 'noah.analyst',
    title: 'Unsigned helper service on nwc-fs-01',
    severity: 'high',
    status: 'open',
    description: 'OneSyncHelper was installed minutes after a network sign-in of svc_backup.',
    artifacts: [{ artifactType: 'sha256', value: storyHashes.service.SHA256, description: story.serviceExe }],
  },
  {
    by: 'nora.admin',
    title: 'Failed sign-ins of a leaver',
    severity: 'low',
    status: 'closed',
    description: 'A phone kept an old password. The account is disabled.',
    artifacts: [],
  },
  {
    by: 'hal.analyst',
    title: 'Miner behind a web shell on hbr-web-02',
    severity: 'high',
    status: 'investigating',
    description: 'A process that calls itself [kworkerd] runs from /dev/shm. The same key stands on hbr-db-01.',
    artifacts: [
      { artifactType: 'ip', value: loader.ip },
      { artifactType: 'file_path', value: story.miner },
      { artifactType: 'sha256', value: storyHashes.miner.SHA256 },
      { artifactType: 'ssh_key', value: story.key, description: story.keyComment },
    ],
  },
]

const last = cases.at(-1)!

type People = Map<string, NonNullable<Parameters<typeof callerOf>[1]>>
const titlesOf = async (deps: Deps, people: People, by: string) =>
  (await callerOf(deps, people.get(by)!).cases.list({ limit: 200 })).rows.map(({ title }) => title)

/** Whether an earlier start loaded all of it. Its cases may be renamed or gone by now: any case of that analyst will do. */
export const isLoaded = async (deps: Deps, people: People) => (await titlesOf(deps, people, last.by)).length > 0

export async function makeCases(deps: Deps, people: People) {
  for (const { by, artifacts, ...input } of cases) {
    if ((await titlesOf(deps, people, by)).includes(input.title)) continue
    const caller = callerOf(deps, people.get(by)!)
    const { id } = await caller.cases.create(input)
    for (const artifact of artifacts) await caller.artifacts.create({ caseId: id, ...artifact })
  }
}
