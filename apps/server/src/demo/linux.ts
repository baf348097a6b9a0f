import { outside } from './fleet.ts'
import { hashesOf, hex } from './random.ts'
import { base, day, iso, recent, type Making, type Row } from './windows.ts'

const programs = [
  '/usr/lib/systemd/systemd',
  '/usr/sbin/sshd',
  '/usr/sbin/cron',
  '/usr/sbin/rsyslogd',
  '/usr/bin/dbus-daemon',
  '/usr/sbin/nginx',
  '/usr/bin/python3.11',
  '/usr/lib/postgresql/16/bin/postgres',
  '/usr/bin/bash',
  '/usr/local/bin/velociraptor_client',
]

interface Running {
  pid: number
  path: string
  commandLine: string
  user: string
  started: number
}

/** One row of Linux.Sys.Pslist: there Pid and Ppid are texts. */
export const processRow = ({ pid, path, commandLine, user, started }: Running): Row => ({
  Pid: String(pid),
  Ppid: pid === 1 ? '0' : '1',
  Name: base(path),
  CommandLine: commandLine,
  Exe: path,
  Hash: hashesOf(path),
  Username: user,
  CreateTime: iso(started),
  RSS: 4096 * ((pid % 900) + 300),
  Deleted: false,
})

export const pslist = ({ random, now }: Making): Row[] =>
  Array.from({ length: 70 }, (_, i) => {
    const path = programs[i] ?? random.pick(programs)
    const user = path.includes('postgres') ? 'postgres' : path.includes('nginx') ? 'www-data' : 'root'
    const started = now - 9 * day + random.whole(0, 600_000)
    return processRow({ pid: i * 13 + 1, path, commandLine: path, user, started })
  })

export const socketRow = ({ host, random }: Making, pid: number, path: string, remote: string, port: number): Row => ({
  inode: String(random.whole(20_000, 90_000)),
  State: remote === '0.0.0.0' ? 'Listening' : 'Established',
  uid: '0',
  ProcessInfo: { Pid: pid, Command: `${base(path)}\n`, CommandLine: `${path}\u0000`, Type: 'socket' },
  LocalAddr: host.ip,
  LocalPort: remote === '0.0.0.0' ? random.pick([22, 80, 443, 5432]) : random.whole(32_768, 60_000),
  RemoteAddr: remote,
  RemotePort: port,
})

export const netstat = (making: Making): Row[] =>
  Array.from({ length: 30 }, (_, i) => {
    const path = making.random.pick(programs)
    if (i < 5) return socketRow(making, i * 13 + 1, path, '0.0.0.0', 0)
    return socketRow(making, i * 13 + 1, path, making.random.pick(outside).ip, 443)
  })

export const users = ({ host }: Making): Row[] =>
  ['root', 'daemon', 'bin', 'sys', 'man', 'mail', 'www-data', 'backup', 'sshd', 'postgres', host.user].map(
    (user, i) => ({
      User: user,
      Description: user,
      Uid: String(i === 0 ? 0 : user === host.user ? 1000 : i),
      Gid: String(i),
      Homedir: i === 0 ? '/root' : `/home/${user}`,
      Shell: i === 0 || user === host.user ? '/bin/bash' : '/usr/sbin/nologin',
    }),
  )

export const cronRow = (minute: string, hour: string, command: string, path: string, user = 'root'): Row => ({
  Event: null,
  User: user,
  Minute: minute,
  Hour: hour,
  DayOfMonth: '*',
  Month: '*',
  DayOfWeek: '*',
  Command: command,
  Path: path,
})

export const crontab = (): Row[] => [
  cronRow('17', '*', 'cd / && run-parts --report /etc/cron.hourly', '/etc/crontab'),
  cronRow('25', '6', 'test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily', '/etc/crontab'),
  cronRow('*/10', '*', '/opt/backup/run.sh >/dev/null 2>&1', '/etc/cron.d/backup', 'backup'),
  cronRow('5', '2', '/usr/bin/certbot renew --quiet', '/etc/cron.d/certbot'),
]

export const keyRow = (home: string, key: string, comment: string): Row => ({
  OSPath: `${home}/.ssh/authorized_keys`,
  _Upload: null,
  options: '',
  keytype: 'ssh-ed25519',
  base64key: key,
  comment,
})

export const authorizedKeys = ({ host }: Making): Row[] => [
  keyRow('/root', `AAAAC3NzaC1lZDI1NTE5${hex(host.tenant.name, 44)}`, `ops@${host.tenant.domain}`),
  keyRow(`/home/${host.user}`, `AAAAC3NzaC1lZDI1NTE5${hex(host.user, 44)}`, `${host.user}@${host.tenant.domain}`),
]

const everyday = [
  'ls -la',
  'cd /srv/app && git pull',
  'systemctl status nginx',
  'df -h',
  'tail -f /var/log/syslog',
  'htop',
]

export const historyRow = (line: string, home = '/root'): Row => ({ Line: line, OSPath: `${home}/.bash_history` })

export const history = ({ random }: Making): Row[] =>
  Array.from({ length: 60 }, () => historyRow(random.pick(everyday)))

export interface Login {
  at: number
  user: string
  from: string
  method?: string
  result?: 'Accepted' | 'Failed'
}

export const loginRow = (
  { host }: Making,
  { at, user, from, method = 'publickey', result = 'Accepted' }: Login,
): Row => ({
  Time: iso(at),
  IP: from,
  Event: result,
  User: user,
  Method: method,
  AuthEvent: `${host.name} sshd: ${result} ${method} for ${user} from ${from} port 50022 ssh2`,
  OSPath: '/var/log/auth.log',
})

/** Within the tenant's own network: the last number of the address is one of its administrators' machines. */
export const logins = (making: Making): Row[] =>
  Array.from({ length: 140 }, () => {
    const { host, random } = making
    const from = host.ip.replace(/\d+$/, String(random.whole(20, 27)))
    return loginRow(making, { at: recent(making), user: random.pick([host.user, 'root', 'backup']), from })
  }).toSorted((a, b) => String(a.Time).localeCompare(String(b.Time)))
