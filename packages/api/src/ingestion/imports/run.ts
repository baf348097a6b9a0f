import { exactName, folderOf, partOf } from './container.ts'
import { csvToLines } from './csv.ts'
import { huntOfFlow } from '../records.ts'
import { clientFacts, flowFacts, huntFacts, type HuntFacts } from './facts.ts'
import { ImportFault, OtherTry } from './fault.ts'
import { keepForNow, removeFile, sourceOfFile, type Source } from './files.ts'
import { flowsOf, unknownFlow, type FoundFlow } from './flows.ts'
import type { TenantKey } from './keys.ts'
import { mappedCsv, type GivenMapping } from './mapped.ts'
import { markOf, placer } from './mapping.ts'
import { storePlaced, type Place } from './placed.ts'
import { addNote, type Report } from './report.ts'
import type { Importing } from './rows.ts'
import type { Secrets } from './secrets.ts'
import { passwordOf } from './unlock.ts'
import { shapeOf, valuesToLines } from './values.ts'
import { membersOf, type Limits, type Member } from './zip.ts'

export interface ImportedFile {
  name: string
  sha256: Buffer
  source: Source
  /** What its sender says of a file that does not say it itself. */
  options: Partial<Record<'hostname' | 'artifact' | 'clientId' | 'flowId', string | undefined>> & GivenMapping
  secrets: Secrets
  /** The tenant's own, which open what was locked for it. */
  keys: () => Promise<TenantKey[]>
  limits: Limits
}

/** Takes in whatever the file holds. Throws ImportFault with what is wrong with it. */
export async function importFile(run: Importing, report: Report, file: ImportedFile) {
  const start = Buffer.from(await file.source.read(0, 4))
  if (start.toString('latin1') === 'PK\u0003\u0004' || start.toString('latin1') === 'PK\u0005\u0006')
    return importZip(run, report, file, file.secrets.password)
  if (/\.zip$/i.test(file.name)) throw new ImportFault('This is not a zip')
  await importPlain(run, report, { ...file, open: () => file.source.stream(), bytes: file.source.bytes })
}

interface Survey {
  flows: Map<string, FoundFlow>
  hunt: HuntFacts | undefined
  /** Names of results in JSON, so that the same rows in CSV are left. */
  exact: Set<string>
  locked: Member | undefined
  metadata: unknown
}

async function importZip(run: Importing, report: Report, file: ImportedFile, password: string | undefined, depth = 0) {
  const members = () => watched(run, report, membersOf(file.source, password, file.limits))
  const survey = await lookAt(members(), report)
  if (survey.locked) {
    if (depth > 0) throw new ImportFault('The zip is refused: it holds zips within zips')
    return importLocked(run, report, file, survey.locked, survey.metadata)
  }
  report.membersDone = 0
  if (survey.flows.size > 0) return importFlows(run, report, file, survey, members())
  report.kind = survey.hunt ? 'hunt' : 'files'
  let taken = 0
  for await (const member of members()) {
    const part = partOf(member.name)
    if (part.kind === 'hunt' || !/\.(json|jsonl|ndjson|csv)$/i.test(member.name) || isRepeat(member.name, survey.exact))
      continue
    const artifact = part.kind === 'rows' ? part.source : member.name.replace(/\.[^.]+$/, '')
    const hostname = file.options.hostname ?? hostOfName(file.name)
    const named = { ...file, options: { ...file.options, hostname, artifact } }
    await importPlain(
      run,
      report,
      { ...named, name: member.name, open: () => member.open(), bytes: member.bytes },
      survey.hunt,
    )
    taken += 1
  }
  if (taken === 0) throw new ImportFault('The zip holds no collection of Velociraptor, and no CSV or JSON file')
}

/** Notes where the work stands, and stops when it is to stop. */
async function* watched(run: Importing, report: Report, members: AsyncGenerator<Member, void, void>) {
  for await (const member of members) {
    run.signal.throwIfAborted()
    report.member = member.name.toWellFormed().replaceAll('\0', '\u2400').slice(0, 500)
    yield { ...member, open: () => stoppable(run.signal, member.open()) }
    report.membersDone += 1
  }
}

async function* stoppable(signal: AbortSignal, body: AsyncGenerator<Uint8Array, void, void>) {
  for await (const piece of body) {
    signal.throwIfAborted()
    yield piece
  }
}

const mostFacts = 16 * 1024 * 1024

/** The first pass: every name is checked, and the small members are read that say whose rows these are. */
async function lookAt(members: AsyncIterable<Member>, report: Report): Promise<Survey> {
  const survey: Survey = { flows: new Map(), hunt: undefined, exact: new Set(), locked: undefined, metadata: undefined }
  report.members = 0
  for await (const member of members) {
    report.members += 1
    if (member.name === 'data.zip') survey.locked = member
    if (member.name === 'metadata.json') survey.metadata = (await readJson(member)).json
    const hunt = member.name === 'hunt_info.json'
    if (hunt) survey.hunt = huntFacts((await readJson(member)).json)
    if (/(^|\/)(results\/.*|uploads|logs?)\.json$/s.test(member.name)) survey.exact.add(member.name)
    const folder = folderOf(member.name)
    const combined = folder === '' && member.name.startsWith('results/All ')
    if (folder !== undefined && !combined) await noteFlow(survey, folder, member)
    if (/(^|\/)client_info\.json$/.test(member.name)) await noteClient(survey, member)
  }
  // Only a folder with results or a context is a flow.
  for (const [folder, flow] of survey.flows) if (!flow.found) survey.flows.delete(folder)
  if (survey.flows.size > 0) survey.locked = undefined
  return survey
}

async function noteFlow(survey: Survey, folder: string, member: Member) {
  const flow = survey.flows.get(folder) ?? unknownFlow(folder)
  flow.found = true
  flow.exact ||= /(^|\/)results\/.*\.json$/s.test(member.name)
  survey.flows.set(folder, flow)
  if (!member.name.endsWith('collection_context.json')) return
  const { json, text } = await readJson(member)
  flow.context = flowFacts(json, text)
}

async function noteClient(survey: Survey, member: Member) {
  const folder = member.name.slice(0, -'client_info.json'.length)
  if (/(^|\/)uploads\//.test(folder)) return
  const flow = survey.flows.get(folder) ?? unknownFlow(folder)
  survey.flows.set(folder, flow)
  flow.client = clientFacts((await readJson(member)).json)
}

async function readJson(member: Member): Promise<{ json: unknown; text: string }> {
  if (member.bytes > mostFacts) throw new ImportFault(`The member ${JSON.stringify(member.name)} is too large`)
  const parts: Uint8Array[] = []
  for await (const part of member.open()) parts.push(part)
  const text = Buffer.concat(parts).toString('utf8').toWellFormed()
  try {
    return { json: JSON.parse(text), text: text.replaceAll('\0', '\u2400') }
  } catch {
    throw new ImportFault(`The member ${JSON.stringify(member.name.slice(0, 200))} is not JSON`)
  }
}

const isRepeat = (name: string, exact: Set<string>) => name.endsWith('.csv') && exact.has(exactName(name))

async function importFlows(
  run: Importing,
  report: Report,
  file: ImportedFile,
  { flows, hunt, exact }: Survey,
  members: AsyncIterable<Member>,
) {
  const [first] = flows.values()
  report.kind = hunt || flows.size > 1 ? 'hunt' : first!.context.clientId === null ? 'offline' : 'flow'
  const into = flowsOf(run, report, {
    hunt,
    hostname: file.options.hostname ?? hostOfName(file.name),
    flowId: file.sha256.toString('hex'),
    limits: file.limits,
  })
  const folders = new Set(flows.keys())
  for await (const member of members) {
    const flow = flows.get(folderFor(member.name, folders) ?? '\0')
    if (member.name === 'hunt_info.json') continue
    if (
      !flow ||
      (flow.folder === '' && partOf(member.name).kind === 'rows' && member.name.startsWith('results/All '))
    ) {
      if (member.name.startsWith('results/All '))
        addNote(report, 'The combined files of the hunt were left: their rows stand in the folders of its clients')
      else addNote(report, `${member.name.toWellFormed().slice(0, 200)} belongs to no flow, and was left`)
      continue
    }
    if (!isRepeat(member.name, exact)) await into.take(flow, member)
  }
  await into.close(flows.values())
}

/** The longest folder of a flow in which a member stands. */
function folderFor(name: string, folders: Set<string>): string | undefined {
  for (let end = name.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : name.lastIndexOf('/', end - 1)) {
    const folder = name.slice(0, end + 1)
    if (folders.has(folder)) return folder
  }
  return folders.has('') ? '' : undefined
}

/** A container with a password is a zip within a zip; its inner one is read from a copy that goes when it is done. */
async function importLocked(run: Importing, report: Report, file: ImportedFile, locked: Member, metadata: unknown) {
  const password = await passwordOf(metadata, { ...file, say: (note) => addNote(report, note) })
  if (locked.encrypted && password === undefined) throw new OtherTry('The zip is locked: it needs its password')
  const { database } = run.ingest
  const inner = await openInner(run, file, password)
  try {
    await importZip(run, report, { ...file, source: sourceOfFile(database, run.tenantId, inner) }, undefined, 1)
  } finally {
    await removeFile(database, run.tenantId, inner.id)
  }
}

async function openInner(run: Importing, { source, limits }: ImportedFile, password: string | undefined) {
  for await (const member of membersOf(source, password, limits)) {
    if (member.name !== 'data.zip') continue
    return keepForNow(run.ingest, run.tenantId, stoppable(run.signal, member.open()), limits.bytes)
  }
  throw new ImportFault('The zip holds no data.zip')
}

interface Plain extends Omit<ImportedFile, 'source'> {
  open(): AsyncGenerator<Uint8Array, void, void>
  bytes: number
}

const startBytes = 64 * 1024

/** A CSV or JSON file. */
async function importPlain(run: Importing, report: Report, file: Plain, hunt?: HuntFacts) {
  const start = await startOf(file.open())
  const shape = shapeOf(start, start.length === file.bytes)
  const csv = /\.(csv|tsv)$/i.test(file.name) || (!shape && looksLikeCsv(start))
  report.kind ??= csv ? 'csv' : 'json'
  if (!csv && !shape) {
    if (file.bytes > 0 && !/\.(log|json|jsonl|ndjson)$/i.test(file.name))
      throw new ImportFault('This is no zip, CSV, JSON lines or JSON')
    addNote(report, `${file.name.toWellFormed().slice(0, 200)} holds no rows`)
    return
  }
  const body = stoppable(run.signal, file.open())
  if (csv) {
    const mapped = await mappedCsv(run, report, file.options, { start, whole: start.length === file.bytes })
    const { mapping } = mapped
    const place = usualPlace(file, hunt, markOf(mapping))
    await storePlaced(run, report, csvToLines(body, mapped), {
      ...place,
      folded: false,
      placing: placer(mapping, place.usual, place.source),
    })
    return mapped.end()
  }
  const { source, usual } = usualPlace(file, hunt)
  if (shape === 'lines') return storePlaced(run, report, body, { source, usual, folded: true })
  return storePlaced(run, report, valuesToLines(body, shape!), { source, usual, folded: false })
}

/** For rows that say nothing of it themselves. */
function usualPlace({ name, sha256, options }: Plain, hunt: HuntFacts | undefined, mark = '') {
  const { hostname, artifact, clientId = null, flowId = `${sha256.toString('hex')}${mark}` } = options
  const usual: Place = {
    hostname: hostname ?? clientId ?? hostOfName(name),
    clientId,
    flowId,
    huntId: hunt?.huntId ?? huntOfFlow(flowId),
  }
  const source = artifact ?? options.mapping?.artifact ?? stemOf(name)
  return { usual, source: source.toWellFormed().replaceAll('\0', '\u2400').slice(0, 1000) }
}

async function startOf(body: AsyncGenerator<Uint8Array, void, void>) {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    parts.push(part)
    size += part.length
    if (size >= startBytes) break
  }
  return Buffer.concat(parts)
}

const looksLikeCsv = (start: Buffer) =>
  !start.includes(0) && /^[^\n]*[,;\t][^\n]*\r?\n/.test(start.toString('utf8', 0, startBytes))

const stemOf = (name: string) =>
  name
    .split('/')
    .at(-1)!
    .replace(/\.[^.]+$/, '') || 'import'

/** Offline collectors name their file Collection-<host>-<time>.zip. */
const hostOfName = (name: string) => /^Collection-(.+?)-\d{4}/.exec(stemOf(name))?.[1] ?? stemOf(name)
