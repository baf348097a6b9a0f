import { hex, randomFrom } from './random.ts'

export type TenantName = 'Northwind Clinics' | 'Harbour Logistics'

export interface Tenant {
  name: TenantName
  orgId: string
  domain: string
  netbios: string
}

export const tenants: readonly [Tenant, Tenant] = [
  { name: 'Northwind Clinics', orgId: 'ONWC', domain: 'northwind.example.com', netbios: 'NORTHWIND' },
  { name: 'Harbour Logistics', orgId: 'OHBR', domain: 'harbour.example.com', netbios: 'HARBOUR' },
]

export interface Host {
  tenant: Tenant
  name: string
  fqdn: string
  ip: string
  clientId: string
  os: 'windows' | 'linux'
  role: 'workstation' | 'server'
  release: string
  user: string
  sid: string
}

const people = [
  'maya.lindqvist',
  'tom.okafor',
  'ines.duarte',
  'paul.brandt',
  'aiko.mori',
  'lena.fischer',
  'omar.haddad',
  'nina.kowalska',
  'erik.solberg',
  'grace.mwangi',
  'hugo.martin',
  'sara.nilsson',
]

const kinds = [
  { tenant: 0, prefix: 'nwc-ws', count: 24, os: 'windows', role: 'workstation', from: 20 },
  { tenant: 0, prefix: 'nwc-fs', count: 2, os: 'windows', role: 'server', from: 8 },
  { tenant: 0, prefix: 'nwc-dc', count: 2, os: 'windows', role: 'server', from: 4 },
  { tenant: 0, prefix: 'nwc-app', count: 4, os: 'linux', role: 'server', from: 12 },
  { tenant: 1, prefix: 'hbr-ws', count: 8, os: 'windows', role: 'workstation', from: 20 },
  { tenant: 1, prefix: 'hbr-web', count: 4, os: 'linux', role: 'server', from: 80 },
  { tenant: 1, prefix: 'hbr-db', count: 3, os: 'linux', role: 'server', from: 90 },
  { tenant: 1, prefix: 'hbr-edge', count: 5, os: 'linux', role: 'server', from: 100 },
] as const

/** Every host of the demo. Northwind lives in 192.0.2.0/24, Harbour in 198.51.100.0/24, everybody else in 203.0.113.0/24. */
export function fleet(seed: string): Host[] {
  return kinds.flatMap((kind) =>
    Array.from({ length: kind.count }, (_, i): Host => {
      const tenant = tenants[kind.tenant]
      const name = `${kind.prefix}-${String(i + 1).padStart(2, '0')}`
      const random = randomFrom(`${seed} ${name}`)
      const windows = kind.role === 'server' ? 'Microsoft Windows Server 2022' : 'Microsoft Windows 11 Pro'
      return {
        tenant,
        name,
        fqdn: `${name}.${tenant.domain}`,
        ip: `${kind.tenant === 0 ? '192.0.2' : '198.51.100'}.${kind.from + i}`,
        clientId: `C.${hex(`${seed} ${name}`, 16)}-${tenant.orgId}`,
        os: kind.os,
        role: kind.role,
        release: kind.os === 'windows' ? windows : random.pick(['debian12.8', 'ubuntu24.04']),
        user: people[i % people.length]!,
        sid: `S-1-5-21-${kind.tenant}4471-88120-3301-${1100 + (i % people.length)}`,
      }
    }),
  )
}

/** The outside world that is harmless: what the hosts talk to all day. */
export const outside = [
  { name: 'mail.example.com', ip: '203.0.113.10' },
  { name: 'updates.example.com', ip: '203.0.113.11' },
  { name: 'login.example.com', ip: '203.0.113.12' },
  { name: 'intranet.example.com', ip: '203.0.113.13' },
  { name: 'cdn.example.com', ip: '203.0.113.14' },
  { name: 'telemetry.example.com', ip: '203.0.113.15' },
  { name: 'docs.example.com', ip: '203.0.113.16' },
  { name: 'packages.example.com', ip: '203.0.113.17' },
  { name: 'time.example.com', ip: '203.0.113.18' },
  { name: 'meet.example.com', ip: '203.0.113.19' },
] as const
