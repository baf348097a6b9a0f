import type { Stored } from '../store.ts'

const mostSources = 1000
const mostNotes = 100

/** What an import put in, also while it runs and after it failed. */
export interface Report {
  kind: string | null
  /** The member that is being read. */
  member: string | null
  members: number
  membersDone: number
  rows: number
  stored: number
  /** Rows that were there already. */
  known: number
  rejected: number
  files: number
  fileBytes: number
  hosts: { id: number; hostname: string }[]
  /** The first thousand. */
  sources: ({ hostId: number; collectionId: number; source: string; rows: number } & Stored)[]
  sourcesTotal: number
  notes: string[]
}

export const newReport = (): Report => ({
  kind: null,
  member: null,
  members: 0,
  membersDone: 0,
  rows: 0,
  stored: 0,
  known: 0,
  rejected: 0,
  files: 0,
  fileBytes: 0,
  hosts: [],
  sources: [],
  sourcesTotal: 0,
  notes: [],
})

export function addSource(report: Report, source: Report['sources'][number]) {
  report.rows += source.rows
  report.stored += source.stored
  report.known += source.known
  report.rejected += source.rejected
  report.sourcesTotal += 1
  if (report.sources.length < mostSources) report.sources.push(source)
}

export function addHost(report: Report, id: number, hostname: string) {
  if (report.hosts.length < mostSources && !report.hosts.some((host) => host.id === id))
    report.hosts.push({ id, hostname })
}

export function addNote(report: Report, note: string) {
  if (report.notes.length < mostNotes && !report.notes.includes(note)) report.notes.push(note)
}
