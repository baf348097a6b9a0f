import { randomFrom } from './random.ts'

const syllables =
  'data sync update agent core service host helper manager cloud office teams edge print audio video net crypto backup driver setup cache index search media shell task report license config policy monitor audit endpoint secure remote desktop mail calendar graph python java node docker git build test web proxy client server bridge link pack signal render layout'.split(
    ' ',
  )
const system =
  'svchost lsass services csrss winlogon explorer dwm spoolsv taskhostw runtimebroker searchindexer conhost cmd powershell rundll32 regsvr32 msiexec dllhost'.split(
    ' ',
  )
const people =
  'james mary robert patricia john jennifer michael linda pavel ivan yuki chen wei maria jose omar fatima'.split(' ')
const families =
  'smith johnson brown garcia miller davis lopez wilson taylor moore lee white clark walker novak tanaka'.split(' ')
const vendors = ['Microsoft Windows', 'Microsoft Corporation', 'Example Cloud LLC', 'Example Media, Inc.', '', '']

const random = randomFrom(1)
export const word = () => random.pick(syllables)
export const Word = () => {
  const text = word()
  return text[0]!.toUpperCase() + text.slice(1)
}

const times = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i))

export const domains = times(30_000, (i) => `${i % 3 ? 'www.' : ''}${word()}${word()}${i}.example.com`)
export const addresses = times(
  40_000,
  () => `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`,
)

export interface Program {
  name: string
  path: string
  md5: string
  sha1: string
  sha256: string
  signer: string
  version: string
  size: number
}

export const programs = times(6000, (i): Program => {
  const name = i < system.length ? `${system[i]}.exe` : `${Word()}${Word()}${i}.exe`
  const folder = i < system.length ? 'Windows\\System32' : `Program Files\\${Word()} ${Word()}`
  return {
    name,
    path: `C:\\${folder}\\${name}`,
    md5: random.hex(32),
    sha1: random.hex(40),
    sha256: random.hex(64),
    signer: random.pick(vendors),
    version: `${1 + random.below(20)}.${random.below(10)}.${random.below(20_000)}.${random.below(999)}`,
    size: 10_000 + random.below(9e6),
  }
})

export const files = times(150_000, (i) =>
  i % 2
    ? `C:\\Windows\\WinSxS\\amd64_microsoft-windows-${word()}-${word()}_31bf3856ad364e35_10.0.${19_041 + random.below(4)}.${random.below(3000)}_none_${random.hex(16)}\\${word()}${word()}.${random.pick(['dll', 'mui', 'sys', 'exe', 'inf'])}`
    : `C:\\${random.pick(['Windows\\System32', 'Windows\\SysWOW64', `Program Files\\${Word()}`, `ProgramData\\${Word()}`])}\\${Word()}\\${word()}_${random.below(9999)}.${random.pick(['dll', 'xml', 'dat', 'log', 'json', 'exe'])}`,
)

export interface Host {
  clientId: string
  name: string
  fqdn: string
  ip: string
  users: { account: string; name: string; sid: string }[]
  programs: Program[]
}

export const hosts = times(320, (i): Host => ({
  clientId: `C.${random.hex(16)}`,
  name: `WS-${i}`,
  fqdn: `WS-${i}.corp.example.com`,
  ip: `10.1.${random.below(256)}.${1 + random.below(254)}`,
  users: times(1 + random.below(4), () => {
    const name = `${random.pick(people)}.${random.pick(families)}`
    const authority = `${random.below(4e9)}-${random.below(4e9)}-${random.below(4e9)}`
    return { account: `CORP\\${name}`, name, sid: `S-1-5-21-${authority}-${1000 + random.below(9000)}` }
  }),
  programs: times(220, () => random.common(programs)),
}))
