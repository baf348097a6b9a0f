import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { generateDemo, interrupted } from './generate.ts'
import { fileServer, patientZero, story, webServer } from './story.ts'

const options = { seed: 'demo', now: new Date('2026-11-24T12:00:00Z') }
const flows = [...generateDemo(options)]
const whole = flows.flatMap((flow) => flow.bodies).join('')
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const bodiesOf = (host: string) => flows.filter((f) => f.host === host).flatMap((f) => f.bodies)

interface Listed {
  Pid: number
  Ppid: number
  Name: string
  CreateTime: string
}

describe('the demo', () => {
  test('is the same, byte for byte, for the same seed and time', () => {
    const again = [...generateDemo(options)].flatMap((flow) => flow.bodies).join('')
    expect(digest(again)).toBe(digest(whole))
    const other = [...generateDemo({ ...options, seed: 'other' })].flatMap((flow) => flow.bodies).join('')
    expect(digest(other)).not.toBe(digest(whole))
  })

  test('holds two tenants, at least 40 hosts and 60,000 rows', () => {
    expect(new Set(flows.map((f) => f.tenant)).size).toBe(2)
    expect(new Set(flows.map((f) => f.host)).size).toBeGreaterThanOrEqual(40)
    expect(flows.reduce((sum, f) => sum + f.rows, 0)).toBeGreaterThanOrEqual(60_000)
  })

  test('names only addresses of the documentation ranges', () => {
    const addresses = new Set(whole.match(/(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])/g))
    const foreign = [...addresses].filter((a) => !/^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/.test(a))
    expect(foreign).toEqual(['0.0.0.0'])
    expect(addresses.size).toBeGreaterThan(50)
  })

  test('names only hosts under example.com', () => {
    const found = new Set(whole.match(/[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|io|eu|de|uk|ru|cn|info|biz)(?![\w.])/gi))
    expect([...found].filter((name) => !name.endsWith('example.com'))).toEqual([])
    expect(found.has(`${patientZero}.northwind.example.com`)).toBe(true)
  })

  test('tells nothing that happens after its now', () => {
    const times = whole.match(/20\d\d-\d\d-\d\dT[\d:.]+Z/g) ?? []
    expect(times.length).toBeGreaterThan(100_000)
    expect(times.filter((time) => new Date(time) > options.now)).toEqual([])
  })

  test('sends batches of at most 1000 rows whose counts and numbers fit', () => {
    for (const flow of flows) {
      const next = new Map<string, number>()
      for (const body of flow.bodies.filter((b) => b.startsWith('{"kind":"batch"'))) {
        const [first, ...rows] = body.trimEnd().split('\n')
        const { artifact, start_row: start, rows: n } = JSON.parse(first!)
        expect(n).toBeLessThanOrEqual(1000)
        expect(rows).toHaveLength(n)
        expect(start).toBe(next.get(artifact) ?? 0)
        next.set(artifact, start + n)
      }
    }
  })

  test('tells one story in all sources, with one indicator in both tenants', () => {
    const sourcesOf = (host: string, value: string) =>
      bodiesOf(host).filter((b) => b.startsWith('{"kind":"batch"') && b.includes(JSON.stringify(value).slice(1, -1)))
    expect(sourcesOf(patientZero, story.dll).length).toBeGreaterThanOrEqual(4)
    expect(sourcesOf(patientZero, story.loader.ip).length).toBeGreaterThanOrEqual(3)
    expect(sourcesOf(fileServer, story.rclone).length).toBeGreaterThanOrEqual(3)
    expect(sourcesOf(webServer, story.loader.ip).length).toBeGreaterThanOrEqual(2)
  })

  test('hangs the processes of each Windows host in one tree of parents that started before them', () => {
    const lists = flows.flatMap(({ host, bodies }) =>
      bodies
        .filter((b) => b.startsWith('{"kind":"batch"') && b.includes('"artifact":"Windows.System.Pslist"'))
        .map((b) => ({
          host,
          rows: b
            .trimEnd()
            .split('\n')
            .slice(1)
            .map((line) => JSON.parse(line) as Listed),
        })),
    )
    expect(lists.length).toBeGreaterThan(20)
    for (const { rows } of lists) {
      const byPid = new Map(rows.map((row) => [row.Pid, row]))
      expect(byPid.size).toBe(rows.length)
      const tops = rows.filter((row) => !byPid.has(row.Ppid)).map((row) => row.Name)
      expect(tops.toSorted()).toEqual(['explorer.exe', 'wininit.exe', 'winlogon.exe'])
      for (const row of rows)
        expect(Date.parse(row.CreateTime)).toBeGreaterThanOrEqual(
          Date.parse(byPid.get(row.Ppid)?.CreateTime ?? row.CreateTime),
        )
    }
    const chain: string[] = []
    const rows = lists.find(({ host }) => host === patientZero)!.rows
    for (let at = rows.find((row) => row.Pid === 7332); at; at = rows.find(({ Pid }) => Pid === at!.Ppid))
      chain.push(at.Name)
    expect(chain).toEqual(['rundll32.exe', 'powershell.exe', 'WINWORD.EXE', 'OUTLOOK.EXE', 'explorer.exe'])
  })

  test('leaves one delivery without its end', () => {
    const open = flows.filter((f) => !f.bodies.at(-1)!.startsWith('{"kind":"flow_end"'))
    expect(open.map((f) => f.host)).toEqual([interrupted])
  })
})
