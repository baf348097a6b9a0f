import { evtx } from './events.ts'
import { ago, commandOf, hashes, iso, type Making, programOf, userOf } from './making.ts'
import { Word, addresses, domains, files, word } from './world.ts'

function pathOf(making: Making) {
  const { random } = making
  if (random.below(10) >= 3) return random.common(files)
  const own = `C:\\Users\\${userOf(making).name}\\AppData\\`
  return `${own}${random.pick([`Local\\Browser\\Cache_Data\\f_${random.hex(6)}`, `Local\\Temp\\${random.hex(8)}.tmp`])}`
}

function mft(m: Making) {
  const path = pathOf(m)
  const name = path.slice(path.lastIndexOf('\\') + 1)
  const [made, changed] = [ago(m, 4e10), ago(m, 1e9)]
  const { below } = m.random
  return {
    EntryNumber: below(900_000),
    InUse: below(10) > 0,
    ParentEntryNumber: below(90_000),
    SequenceNumber: below(90),
    OSPath: `\\\\.\\${path}`,
    FullPath: path,
    FileName: name,
    Extension: name.slice(name.lastIndexOf('.') + 1),
    FileSize: below(4e6),
    ReferenceCount: 1 + below(2),
    IsDir: false,
    HasADS: below(50) === 0,
    SI_Lt_FN: false,
    uSecZeros: below(20) === 0,
    Copied: false,
    FileNames: [name],
    FileNameTypes: 'DOS+Win32',
    Created0x10: iso(made),
    Created0x30: iso(made),
    LastModified0x10: iso(changed),
    LastModified0x30: iso(made),
    LastRecordChange0x10: iso(changed),
    LastAccess0x10: iso(changed),
    SourceFile: 'C:\\$MFT',
    LogFileSeqNum: below(2e9),
  }
}

function registry(m: Making) {
  const { random } = m
  const user = userOf(m)
  const hive = `C:\\Users\\${user.name}\\NTUSER.DAT`
  return {
    Key: `HKEY_USERS\\${user.sid}\\Software\\${Word()}\\${Word()}\\${random.pick(['Run', 'RecentDocs', 'TypedURLs'])}`,
    Name: `${Word()}${Word()}`,
    Type: random.pick(['SZ', 'DWORD', 'BINARY']),
    Value: random.below(3) ? random.common(files) : random.hex(40 + random.below(160)),
    Username: user.account,
    Mtime: iso(ago(m, 9e9)),
    Hive: hive,
    OSPath: hive,
    Size: random.below(900),
    Description: `${Word()} ${word()} ${word()} user setting`,
  }
}

function pslist(m: Making) {
  const { random } = m
  const program = programOf(m)
  return {
    Pid: random.below(30_000),
    Ppid: random.below(9000),
    TokenIsElevated: random.below(3) === 0,
    Name: program.name,
    Exe: program.path,
    CommandLine: commandOf(m, program),
    Hash: hashes(program),
    Authenticode: {
      Filename: program.path,
      ProgramName: program.signer,
      PublisherLink: null,
      SerialNumber: random.hex(38),
      IssuerName: 'C=US, ST=Example, O=Example Trust, CN=Example Production CA 2011',
      SubjectName: `C=US, O=${program.signer}`,
      Timestamp: null,
      Trusted: program.signer ? 'trusted' : 'untrusted',
    },
    Username: userOf(m).account,
    WorkingSetSize: random.below(5e8),
    CreateTime: iso(ago(m, 8e8)),
    User: random.next() * 100,
    System: random.next() * 50,
    CallChain: `wininit.exe -> services.exe -> ${program.name}`,
    Modules: Array.from({ length: 3 + random.below(6) }, () => random.common(files)),
  }
}

function netstat(m: Making) {
  const { random, host } = m
  const program = programOf(m)
  return {
    Pid: random.below(30_000),
    Name: program.name,
    Path: program.path,
    CommandLine: commandOf(m, program),
    Hash: hashes(program),
    Username: userOf(m).account,
    Authenticode: { Trusted: program.signer ? 'trusted' : 'untrusted', SubjectName: program.signer },
    Family: 'IPv4',
    Type: 'TCP',
    Status: random.pick(['ESTAB', 'ESTAB', 'LISTEN', 'CLOSE_WAIT']),
    'Laddr.IP': host.ip,
    'Laddr.Port': random.below(65_535),
    'Raddr.IP': random.below(12) ? random.common(addresses) : `2001:db8:${random.hex(4)}::${random.hex(4)}`,
    'Raddr.Port': random.pick([443, 80, 53, 8080, 3389, 445]),
    Timestamp: iso(ago(m, 6e8)),
  }
}

function services(m: Making) {
  const { random } = m
  const program = programOf(m)
  return {
    State: random.pick(['Running', 'Stopped']),
    Name: `${Word()}Svc`,
    DisplayName: `${Word()} ${Word()} Service`,
    Status: 'OK',
    Pid: random.below(9999),
    StartMode: random.pick(['Auto', 'Manual', 'Disabled']),
    PathName: `"${program.path}" -k ${word()}`,
    ServiceDll: null,
    UserAccount: 'LocalSystem',
    AbsoluteExePath: program.path,
    HashServiceExe: hashes(program),
    FailureActions: { ResetPeriod: 86_400, Actions: [{ Type: 'RESTART', Delay: 60_000 }] },
    Created: iso(ago(m, 4e10)),
  }
}

function history(m: Making) {
  const { random } = m
  const user = userOf(m)
  const file = `C:\\Users\\${user.name}\\AppData\\Local\\Browser\\User Data\\Default\\History`
  const at = iso(ago(m, 5e9))
  return {
    User: user.name,
    Url: `https://${random.common(domains)}/${word()}/${word()}?id=${random.hex(12)}&ref=${word()}`,
    Title: `${Word()} ${word()} ${word()} - ${Word()}`,
    VisitCount: 1 + random.below(300),
    LastVisit: at,
    VisitTime: at,
    FromUrl: random.below(2) ? `https://${random.common(domains)}/` : null,
    VisitDuration: random.below(9999),
    Account: `${user.name}@corp.example.com`,
    OSPath: file,
  }
}

function prefetch(m: Making) {
  const { random } = m
  const program = programOf(m)
  const name = `${program.name.toUpperCase()}-${random.hex(8)}.pf`
  const last = ago(m, 4e9)
  return {
    Executable: program.name.toUpperCase(),
    FileSize: random.below(90_000),
    Hash: `0x${random.hex(8).toUpperCase()}`,
    Version: 'Win10 (30)',
    LastRunTimes: [iso(last), iso(last - 1e8), iso(last - 2e8)],
    RunCount: 1 + random.below(500),
    PrefetchFileName: name,
    FilesAccessed: Array.from({ length: 4 + random.below(10) }, () => random.common(files).toUpperCase()),
    Binary: program.path,
    OSPath: `C:\\Windows\\Prefetch\\${name}`,
  }
}

function installed(m: Making) {
  const { random } = m
  const program = programOf(m)
  return {
    KeyName: random.guid(),
    KeyLastWriteTimestamp: iso(ago(m, 4e10)),
    DisplayName: `${Word()} ${Word()} ${program.version}`,
    DisplayVersion: program.version,
    InstallLocation: program.path.slice(0, program.path.lastIndexOf('\\')),
    InstallSource: `C:\\Users\\${userOf(m).name}\\Downloads\\`,
    Language: 1033,
    Publisher: program.signer,
    UninstallString: `MsiExec.exe /X${random.guid()}`,
  }
}

function autoruns(m: Making) {
  const { random } = m
  const program = programOf(m)
  return {
    Time: iso(ago(m, 4e10)),
    'Entry Location': `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\${random.pick(['Run', 'RunOnce'])}`,
    Entry: program.name,
    Enabled: 'enabled',
    Category: random.pick(['Logon', 'Services', 'Tasks', 'Drivers']),
    Description: `${Word()} ${word()} component`,
    Signer: program.signer ? `(Verified) ${program.signer}` : '',
    'Image Path': program.path,
    Version: program.version,
    'Launch String': commandOf(m, program),
    MD5: program.md5,
    'SHA-1': program.sha1,
    'SHA-256': program.sha256,
    IMP: random.hex(32),
  }
}

const dns = (m: Making) => {
  const domain = m.random.common(domains)
  return {
    Name: domain,
    Record: domain,
    RecordType: m.random.pick(['A', 'AAAA', 'CNAME']),
    TTL: m.random.below(86_400),
    QueryStatus: 'Success',
    SectionType: 'Answer',
    Data: m.random.common(addresses),
    Fqdn: m.host.fqdn,
  }
}

function amcache(m: Making) {
  const program = programOf(m)
  return {
    FileId: `0000${program.sha1}`,
    SHA1: program.sha1,
    LowerCaseLongPath: program.path.toLowerCase(),
    Name: program.name,
    Publisher: program.signer,
    Version: program.version,
    BinaryType: 'pe64_amd64',
    ProductName: Word(),
    LinkDate: iso(ago(m, 4e10)),
    Size: program.size,
    Language: 1033,
    IsOsComponent: false,
    Usn: m.random.below(2e9),
    KeyMTime: iso(ago(m, 4e9)),
  }
}

/** Twelve sources as a triage collects them, each with its share of the rows of a flow, in per cent. */
export const sources: { artifact: string; share: number; row: (making: Making) => object }[] = [
  { artifact: 'Windows.NTFS.MFT', share: 30, row: mft },
  { artifact: 'Windows.EventLogs.Evtx', share: 25, row: evtx },
  { artifact: 'Windows.Registry.NTUser', share: 10, row: registry },
  { artifact: 'Windows.System.Pslist', share: 8, row: pslist },
  { artifact: 'Windows.Network.NetstatEnriched', share: 7, row: netstat },
  { artifact: 'Windows.System.Services', share: 4, row: services },
  { artifact: 'Windows.Applications.Chrome.History', share: 4, row: history },
  { artifact: 'Windows.Forensics.Prefetch', share: 3, row: prefetch },
  { artifact: 'Windows.Sys.Programs', share: 3, row: installed },
  { artifact: 'Windows.Sysinternals.Autoruns', share: 3, row: autoruns },
  { artifact: 'Windows.System.DNSCache', share: 2, row: dns },
  { artifact: 'Windows.Detection.Amcache', share: 1, row: amcache },
]
