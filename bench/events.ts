import { ago, commandOf, iso, type Making, programOf, userOf } from './making.ts'
import { Word, addresses, domains, word } from './world.ts'

function logonData(m: Making) {
  const { random, host } = m
  const user = userOf(m)
  return {
    SubjectUserSid: 'S-1-5-18',
    SubjectUserName: `${host.name}$`,
    SubjectLogonId: random.below(1e6),
    TargetUserSid: user.sid,
    TargetUserName: user.name,
    TargetDomainName: 'CORP',
    TargetLogonId: random.below(1e8),
    LogonType: random.pick([2, 3, 3, 3, 5, 5, 7, 10]),
    LogonProcessName: 'Advapi  ',
    AuthenticationPackageName: 'Negotiate',
    WorkstationName: host.name,
    LogonGuid: random.guid(),
    ProcessId: random.below(9999),
    ProcessName: programOf(m).path,
    IpAddress: random.below(3) ? host.ip : random.common(addresses),
    IpPort: String(random.below(65_535)),
  }
}

function processData(m: Making) {
  const { random } = m
  const [program, parent] = [programOf(m), programOf(m)]
  return {
    RuleName: '-',
    UtcTime: iso(ago(m, 2.6e9)),
    ProcessGuid: random.guid(),
    ProcessId: random.below(9999),
    Image: program.path,
    FileVersion: program.version,
    Company: program.signer,
    OriginalFileName: program.name,
    CommandLine: commandOf(m, program),
    CurrentDirectory: 'C:\\Windows\\system32\\',
    User: userOf(m).account,
    LogonId: random.below(1e6),
    IntegrityLevel: random.pick(['System', 'Medium', 'High']),
    Hashes: `MD5=${program.md5.toUpperCase()},SHA256=${program.sha256.toUpperCase()}`,
    ParentImage: parent.path,
    ParentCommandLine: commandOf(m, parent),
    ParentUser: 'NT AUTHORITY\\SYSTEM',
  }
}

const connectionData = (m: Making) => ({
  UtcTime: iso(ago(m, 2.6e9)),
  ProcessGuid: m.random.guid(),
  Image: programOf(m).path,
  User: userOf(m).account,
  Protocol: 'tcp',
  SourceIp: m.host.ip,
  SourcePort: m.random.below(65_535),
  DestinationIp: m.random.common(addresses),
  DestinationHostname: m.random.common(domains),
  DestinationPort: m.random.pick([443, 443, 80, 8080, 53]),
})

const scriptData = (m: Making) => ({
  MessageNumber: 1,
  MessageTotal: 1,
  ScriptBlockText: `function Invoke-${Word()}${Word()} { param($${word()}) ; $r = Get-WmiObject -Class Win32_${Word()} -ComputerName ${m.host.fqdn} ; Invoke-WebRequest -Uri https://${m.random.common(domains)}/${word()}/${m.random.hex(10)} -OutFile C:\\Windows\\Temp\\${m.random.hex(8)}.ps1 }`,
  ScriptBlockId: m.random.guid(),
})

const kinds = [
  { id: 4624, channel: 'Security', data: logonData },
  { id: 4625, channel: 'Security', data: logonData },
  { id: 1, channel: 'Microsoft-Windows-Sysmon/Operational', data: processData },
  { id: 3, channel: 'Microsoft-Windows-Sysmon/Operational', data: connectionData },
  { id: 4104, channel: 'Microsoft-Windows-PowerShell/Operational', data: scriptData },
] as const

export function evtx(m: Making) {
  const { random, host } = m
  const { id, channel, data } = random.common(kinds)
  const user = userOf(m)
  return {
    EventTime: iso(ago(m, 2.6e9)),
    Computer: host.fqdn,
    Channel: channel,
    EventID: id,
    EventRecordID: random.below(5e6),
    UserSID: user.sid,
    Username: user.account,
    Level: 0,
    Opcode: 0,
    Task: 12_544,
    Keywords: '0x8020000000000000',
    ProcessID: random.below(900),
    ThreadID: random.below(9000),
    EventData: data(m),
    Message: `An event ${id} was logged for account ${user.account}. The subject fields indicate the account on the local system which requested the action. Logon ID 0x${random.hex(6)}`,
  }
}
