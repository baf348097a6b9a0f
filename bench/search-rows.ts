import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { type Deliveries, type Delivery, indexFile, linesFile, mostBytes, mostRows } from './deliveries.ts'
import type { Making } from './making.ts'
import { randomFrom } from './random.ts'
import { sources } from './sources.ts'
import { hosts } from './world.ts'

/** The share of the hosts that each of six tenants has, in per cent. */
const shares = [50, 25, 12, 7, 4, 2]
const flowsOfHost = 4
const firstDay = Date.UTC(2026, 5, 1)
const plantedEvery = 8000
const huntRows = 50

/** Whose host it is: from 0, the largest tenant first. */
export function tenantOfHost(index: number) {
  let place = (index * 37) % 100
  return shares.findIndex((share) => (place -= share) < 0)
}

export const tenantCount = shares.length

/** What is looked for as rare, and stands in one of some thousand processes. */
export const planted = {
  name: 'mimikatz.exe',
  hash: 'deadbeefdeadbeefdeadbeefdeadbeef',
  note: 'Überprüfung Пароль',
}

interface Rows {
  rows: number
  bytes: number
  deliveries: Delivery[]
  file: number
}

const openRows = (folder: string): Rows => ({
  rows: 0,
  bytes: 0,
  deliveries: [],
  file: openSync(linesFile(folder), 'w'),
})

function closeRows(folder: string, { file, rows, bytes, deliveries }: Rows): Deliveries {
  closeSync(file)
  const index = { rows, bytes, meanRows: Math.round(rows / deliveries.length), deliveries }
  writeFileSync(indexFile(folder), JSON.stringify(index))
  return index
}

function add(all: Rows, who: Pick<Delivery, 'clientId' | 'flow' | 'artifact'>, lines: string[]) {
  let last: Delivery | undefined
  for (const [row, line] of lines.entries()) {
    const size = Buffer.byteLength(line)
    if (!last || last.rows === mostRows || last.bytes + size > mostBytes) {
      last = { ...who, firstRow: row, rows: 0, from: all.bytes, bytes: 0 }
      all.deliveries.push(last)
    }
    last.rows++
    last.bytes += size
    all.bytes += size
  }
  all.rows += lines.length
  writeSync(all.file, lines.join(''))
}

interface Process {
  Name: string
  Exe: string
  CommandLine: string
  Hash: { MD5: string }
}

function plant(row: Process) {
  row.Name = planted.name
  row.Exe = `C:\\Users\\Public\\Downloads\\${planted.name}`
  row.CommandLine += ` /note:"${planted.note}"`
  row.Hash = { ...row.Hash, MD5: planted.hash }
}

/** Four flows of twelve sources for each of 320 hosts, in the order in which they end, with some needles among the processes. */
export function writeTriage(folder: string, rows: number): Deliveries {
  const random = randomFrom(7)
  const all = openRows(folder)
  const weights = hosts.map(() => 0.3 + random.next() * 1.7)
  const sum = weights.reduce((a, b) => a + b)
  const flows = hosts
    .flatMap((host, i) =>
      Array.from({ length: flowsOfHost }, () => ({
        host,
        at: firstDay + random.next() * 90 * 86_400_000,
        rows: (rows * weights[i]!) / sum / flowsOfHost,
      })),
    )
    .sort((a, b) => a.at - b.at)
  let processes = 0
  for (const [flow, { host, at, rows: size }] of flows.entries())
    for (const { artifact, share, row } of sources) {
      const lines = Array.from({ length: Math.max(1, Math.round((size * share) / 100)) }, () => {
        const made = row({ random, host, at })
        if (artifact === 'Windows.System.Pslist' && processes++ % plantedEvery === 77) plant(made as Process)
        return `${JSON.stringify(made)}\n`
      })
      add(all, { clientId: host.clientId, flow, artifact }, lines)
    }
  return closeRows(folder, all)
}

/** One hunt: 50 connections of each host. */
export function writeHunt(folder: string, huntHosts: number): Deliveries {
  const random = randomFrom(11)
  const all = openRows(folder)
  const { artifact, row } = sources.find((source) => source.artifact.startsWith('Windows.Network'))!
  for (let i = 0; i < huntHosts; i++) {
    const making: Making = { random, host: hosts[i % hosts.length]!, at: firstDay + i * 60_000 }
    const lines = Array.from({ length: huntRows }, () => `${JSON.stringify(row(making))}\n`)
    add(all, { clientId: `C.${(0xabc0_0000 + i).toString(16)}`, flow: i, artifact }, lines)
  }
  return closeRows(folder, all)
}
