import type { searchViews } from '../input.ts'

export interface Starter {
  /** Below 0, and never given to another one: pins name it. */
  id: number
  name: string
  description: string
  query: string
  view: (typeof searchViews)[number]
}

const start = (id: number, name: string, query: string, description: string): Starter => ({
  id,
  name,
  query,
  description,
  view: query.includes('|') ? 'groups' : 'rows',
})

/** Searches that every tenant has from the start. They are part of the program: nobody changes or deletes them, anyone keeps a copy. */
export const starters: Starter[] = [
  start(
    -1,
    'Rare scheduled tasks',
    'artifact:Windows.System.TaskScheduler | rare TaskName Command Arguments',
    'Tasks on few hosts, the rarest first: persistence is seldom on many.',
  ),
  start(
    -2,
    'Rare service binaries',
    'artifact:Windows.System.Services | rare Name PathName',
    'Services by name and path, the rarest first. Look for paths outside System32 and names that no product of yours has.',
  ),
  start(
    -3,
    'Services outside system folders',
    'artifact:Windows.System.Services NOT PathName:(*\\Windows\\System32* OR *"\\Program Files"* OR *SystemRoot*)',
    'Services whose program lies where software is not installed.',
  ),
  start(
    -4,
    'Running programs without a trusted signature',
    'artifact:Windows.System.Pslist Authenticode.Trusted:* NOT Authenticode.Trusted:trusted',
    'Processes whose file is unsigned or whose signature is not trusted.',
  ),
  start(
    -5,
    'Processes from temporary and public folders',
    'artifact:(Windows.System.Pslist OR Linux.Sys.Pslist) Exe:(*\\Temp\\* OR *\\Users\\Public\\* OR *\\ProgramData\\* OR *\\PerfLogs\\* OR /tmp/* OR /var/tmp/* OR /dev/shm/*)',
    'Programs that run from folders in which anyone may write.',
  ),
  start(
    -6,
    'Rare programs by hash',
    'artifact:(Windows.System.Pslist OR Linux.Sys.Pslist) | rare Name Hash.SHA256',
    'Running programs by name and hash: one host with another hash under a known name stands first.',
  ),
  start(
    -7,
    'Remote desktop logons',
    'artifact:Windows.EventLogs.Evtx EventID:4624 EventData.LogonType:10',
    'Successful logons of type 10, with the address that they came from.',
  ),
  start(
    -8,
    'Failed logons by account and address',
    'artifact:Windows.EventLogs.Evtx EventID:4625 | groupby EventData.TargetUserName EventData.IpAddress',
    'Many rows of one address are guessing, many accounts of one address are spraying.',
  ),
  start(
    -9,
    'Hidden, encoded or downloading PowerShell',
    '*powershell* (*" -enc"* OR *" -w hidden"* OR *" -windowstyle hidden"* OR *frombase64string* OR *downloadstring* OR *iwr* OR *invoke-webrequest*)',
    'Command lines of PowerShell that hide a window, decode text or fetch a file, in every source.',
  ),
  start(
    -10,
    'Memory of LSASS read through comsvcs',
    '*comsvcs* *minidump*',
    'rundll32 with comsvcs.dll and MiniDump writes the memory of a process: passwords, where that is LSASS.',
  ),
  start(
    -11,
    'DLLs started by rundll32 outside system folders',
    'CommandLine:*rundll32* CommandLine:*.dll* NOT CommandLine:*\\Windows\\System32\\*.dll*',
    'A loader that hides behind a signed program.',
  ),
  start(
    -12,
    'Addresses that few hosts talk to',
    'artifact:Windows.Network.Netstat Status:ESTAB | rare Raddr.IP Name',
    'Remote addresses and the program that holds the connection, the rarest first.',
  ),
  start(
    -13,
    'Tools that copy data out',
    '(*rclone* OR *megasync* OR *winscp* OR *filezilla* OR *\\7z.exe* OR *.7z)',
    'Programs that pack and upload, and what they leave, in every source.',
  ),
  start(
    -14,
    'Cron jobs that fetch from the network',
    'artifact:Linux.Sys.Crontab Command:(*curl* OR *wget* OR *"/dev/tcp/"* OR *base64*)',
    'A job that downloads what it runs survives the removal of the file.',
  ),
  start(
    -15,
    'Rare SSH keys',
    'artifact:Linux.Ssh.AuthorizedKeys | rare comment base64key',
    'Authorized keys by comment, the rarest first. The same key in many homes is worth a look too.',
  ),
  start(-16, 'Everything of one host', 'host:{{host}}', 'Asks for a host and shows all its rows, the newest first.'),
]

export const starterOf = (id: number) => starters.find((starter) => starter.id === id)
